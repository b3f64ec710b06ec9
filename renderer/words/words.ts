import { en, type Words } from './en.ts';
import { es } from './es.ts';

/** The languages of the console, each by its own name. */
export const languages = { en: 'English', es: 'Español' } as const;
export type Language = keyof typeof languages;

const key = 'gantry-language';
const known = (name: string | null): name is Language => name !== null && name in languages;

/** What was chosen in this window's settings, or else the first language of the system that there is. */
function chosen(): Language {
  const kept = localStorage.getItem(key);
  if (known(kept)) return kept;
  return navigator.languages.map(name => name.slice(0, 2)).find(known) ?? 'en';
}

export const language: Language = chosen();
/** Every text of the console, in the language in use. */
export const words: Words = { en, es }[language];
document.documentElement.lang = language;

/** Loads the page anew in another language; what is typed and not saved is kept as over any reload. */
export function speak(next: Language): void {
  localStorage.setItem(key, next);
  location.reload();
}
