import { createTheme, type MantineColorsTuple } from '@mantine/core';

/** A quiet blue-green: status colours have to stand out from it. */
const gantry: MantineColorsTuple = [
  '#e9f6f8',
  '#d5e9ed',
  '#a9d3db',
  '#79bcc8',
  '#53a8b8',
  '#3b9cae',
  '#2c96aa',
  '#187e91',
  '#0a7486',
  '#006576',
];

export const theme = createTheme({
  primaryColor: 'gantry',
  primaryShade: { light: 8, dark: 7 },
  colors: { gantry },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, "Cascadia Mono", Menlo, "DejaVu Sans Mono", monospace',
  defaultRadius: 'sm',
  cursorType: 'pointer',
  autoContrast: true,
  headings: { fontWeight: '600', sizes: { h1: { fontSize: '1.35rem' }, h2: { fontSize: '1.05rem' } } },
  components: {
    Table: { defaultProps: { verticalSpacing: 7, horizontalSpacing: 'sm', highlightOnHover: true } },
    Card: { defaultProps: { withBorder: true, padding: 'md', radius: 'md' } },
    // Coloured words on a light badge are hard to read: the ground tells the colour.
    Badge: { defaultProps: { c: 'var(--mantine-color-text)' } },
    Button: { defaultProps: { size: 'sm' } },
  },
});
