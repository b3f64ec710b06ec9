import { builtinModules } from 'node:module';
import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const root = resolve(import.meta.dirname, '..');

/** Native code, and what looks for its own files beside itself, stays in node_modules; all else is bundled. */
const outside = ['electron', 'better-sqlite3', 'dockerode', 'dcmjs-dimse', /^node:/, ...builtinModules];

export default defineConfig({
  root: resolve(root, 'renderer'),
  base: '/',
  plugins: [react()],
  worker: { format: 'es' },
  clearScreen: false,
  logLevel: 'warn',
  builder: {},
  environments: {
    client: {
      build: {
        outDir: resolve(root, 'dist/renderer'),
        emptyOutDir: true,
        target: 'chrome150',
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        chunkSizeWarningLimit: 4000,
      },
    },
    main: {
      consumer: 'server',
      resolve: { noExternal: true, external: ['electron', 'better-sqlite3', 'dockerode', 'dcmjs-dimse'] },
      build: {
        outDir: resolve(root, 'dist/electron'),
        emptyOutDir: true,
        target: 'node24',
        ssr: true,
        copyPublicDir: false,
        minify: false,
        rolldownOptions: {
          input: ['main', 'headless', 'core-process'].map(name => resolve(root, `electron/${name}.ts`)),
          external: outside,
          output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
        },
      },
    },
    preload: {
      consumer: 'server',
      build: {
        outDir: resolve(root, 'dist/preload'),
        emptyOutDir: true,
        target: 'node24',
        ssr: true,
        copyPublicDir: false,
        rolldownOptions: {
          input: resolve(root, 'electron/preload.ts'),
          external: ['electron'],
          output: { format: 'cjs', entryFileNames: 'preload.cjs', codeSplitting: false },
        },
      },
    },
  },
});
