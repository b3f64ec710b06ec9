export function call(
  socketPath: string,
  method: string,
  path: string,
  body?: string | Buffer,
  type?: string,
): Promise<{ status: number | undefined; text: string }>;
export function importBusybox(socketPath: string, say: (words: string) => void): Promise<void>;
