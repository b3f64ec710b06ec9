import type { Problem } from '../../shared/problems.ts';
import { accessToken } from './connection.ts';

/**
 * Sends one file of an import, streamed from the disk, or the reason why it cannot be sent.
 * @returns the problem of a refusal; rejects when the connection breaks
 */
export async function uploadFile(
  id: number,
  name: string,
  body: File | null,
  query: { foundFiles: number; foundBytes: number; counted: boolean; reason?: string },
): Promise<Problem | null> {
  const asked = new URLSearchParams({ name: name.slice(-4096) });
  for (const [key, value] of Object.entries(query)) asked.set(key, String(value));
  const response = await fetch(`/api/imports/${id}/files?${asked}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${accessToken()}`, 'Content-Type': 'application/octet-stream' },
    body,
  });
  return response.ok ? null : ((await response.json()) as Problem);
}
