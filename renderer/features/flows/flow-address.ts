/** The page of a flow file. */
export const flowAddress = (file: string) => `/flows/${file.split('/').map(encodeURIComponent).join('/')}`;
