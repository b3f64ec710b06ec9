import { language } from '../words/words.ts';

const dayTime = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
const clock = new Intl.DateTimeFormat(language, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});

/** Today only the time, else the date as well. */
export function moment(at: number | null): string {
  if (at === null) return '–';
  return new Date(at).toDateString() === new Date().toDateString() ? clock.format(at) : dayTime.format(at);
}
export const clockTime = (at: number) => clock.format(at);

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = count;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${size < 10 && unit > 0 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

/** A DA as an ISO date where it is one, PS3.5 §6.2. */
export const dicomDate = (value: string) =>
  /^\d{8}$/.test(value) ? `${value.slice(0, 4)}-${value.slice(4, 6)}-${value.slice(6)}` : value;

/** The alphabetic group of a PN in reading order, PS3.5 §6.2.1. */
export function personName(value: string): string {
  const [family = '', given = '', middle = ''] = (value.split('=').find(group => group !== '') ?? '').split('^');
  return [family, [given, middle].filter(Boolean).join(' ')].filter(Boolean).join(', ');
}

/** The end of a UID tells it from its sisters. */
export const shortUid = (uid: string) => (uid.length > 22 ? `…${uid.slice(-20)}` : uid);

/** `1 study`, `1,204 studies`. */
export const count = (number: number, one: string, many: string) =>
  `${number.toLocaleString(language)} ${number === 1 ? one : many}`;
