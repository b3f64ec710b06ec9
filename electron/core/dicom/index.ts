/**
 * The DICOM room's door: the listener (own, narrow receive path), header reading, names of UIDs, and sending.
 * Nothing outside knows a PDU; the DICOM libraries are used only in here. Other DIMSE services than C-ECHO and C-STORE
 * join at accepted-contexts.ts and messages.ts.
 */
export { status as dimseStatus } from './command-set.ts';
export { type Code, readConceptName } from './concept-name.ts';
export { type Endpoint, endpointText } from './connect-peer.ts';
export { type DicomFile, readDicomFile } from './dicom-file.ts';
export { createEcho, type Echo } from './echo.ts';
export { type FlatElement, flatElements } from './flat-elements.ts';
export { type Header, mediaStorageDirectory, readHeader } from './header.ts';
export { attributesOf, createIndexScan, type IndexedAttributes, type IndexScan } from './index-scan.ts';
export { dicomKeywords, keywordKind } from './keywords.ts';
export { createListener, type Listener, type ListenerStatus } from './listener.ts';
export { implementationClassUid, writePart10Head } from './part-10-head.ts';
export { createPeers, type Peers } from './peers.ts';
export type {
  AnnouncedInstance,
  AssociationInfo,
  AssociationOutcome,
  AssociationPeer,
  IncomingObject,
  Receiving,
  Reception,
  StoreAnswer,
} from './reception.ts';
export type { SendFile } from './send-shares.ts';
export { createSender, type Sender, type SendResult } from './sender.ts';
export { isStored, statusHex, statusText } from './status.ts';
export { readTagTree } from './tag-tree.ts';
export { isDeflated } from './transfer-syntax.ts';
export { sopClassName, transferSyntaxName } from './uid-names.ts';
