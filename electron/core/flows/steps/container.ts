import { createReadStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { AppError, describe } from '../../../../shared/problems.ts';
import type { Model } from '../../../../shared/schemas/flows.ts';
import { type Engine, extractTar, packTar } from '../../docker/index.ts';
import { Shutdown } from '../../lib/shutdown.ts';
import type { LogHub } from '../../logs/index.ts';
import type { Settings } from '../../settings/index.ts';
import { hostConfig } from './host-config.ts';
import type { StepKind, StepOrder } from './step.ts';
import { createStepLines } from './step-lines.ts';

interface Needs {
  engine: Engine;
  settings: Pick<Settings, 'get'>;
  log: LogHub;
}

const lastLines = 20;
/** How long the last lines may come after the container has ended. */
const logGraceMs = 5000;
/** Killed from outside: by the engine's own stop, not by its own fault. */
const killedCodes = new Set([137, 143, 255]);

/**
 * A step as a container: create, put the input in, start, follow, wait, take the output out, remove. Nothing of the host is
 * mounted: all data travels through the engine's API, so that a remote engine does as well.
 */
export function createContainerStep({ engine, settings, log }: Needs): StepKind {
  const { containers, images } = engine;

  async function make(order: StepOrder): Promise<string> {
    const { model, signal, line } = order;
    const statics = await staticTars(order);
    const { Image } = model.container;
    if (model.pullBeforeExec) {
      line('gantry', `Pulling ${Image}`);
      await images.pull(Image, signal, words => line('gantry', words));
    }
    const id = await containers.create({
      ...model.container,
      HostConfig: hostConfig(model, order.gpu, settings),
      runId: order.runId,
      runUid: order.runUid,
      position: order.position,
    });
    try {
      const [input, output] = [model.inputDir, model.outputDir].map(path => path.replace(/^\/+|\/+$/g, ''));
      const entries = order.input.map(item => ({ ...item, name: `${input}/${item.name}` }));
      await containers.putTar(id, '/', packTar(entries, [input as string, output as string]));
      for (const { tar, target } of statics) {
        await containers.putTar(id, '/', packTar([], [target.replace(/^\/+|\/+$/g, '')]));
        await containers.putTar(id, target, createReadStream(tar));
      }
      signal.throwIfAborted();
      await containers.start(id);
      return id;
    } catch (error) {
      await removed(id);
      throw error;
    }
  }

  async function staticTars({ model, staticDirectory }: StepOrder): Promise<{ tar: string; target: string }[]> {
    const found = model.staticMounts.map(({ name, target }) => ({
      name,
      target,
      tar: join(staticDirectory, `${basename(name)}.tar`),
    }));
    for (const { name, tar } of found) {
      await access(tar).catch(cause => {
        throw new AppError('STATIC_TAR_MISSING', { name, path: tar }, { cause });
      });
    }
    return found;
  }

  /** A container that an earlier life of the core started, still running or done; one it only created is removed. */
  async function adopt({ runUid, position, line }: StepOrder): Promise<string | null> {
    for (const { id, ...of } of await containers.ours()) {
      if (of.runUid !== runUid || of.position !== position) continue;
      const { started, running, exitCode, oomKilled } = await containers.inspect(id);
      if (started && (running || oomKilled || !killedCodes.has(exitCode))) {
        line('gantry', 'Taken up again after a restart of Gantry');
        return id;
      }
      await removed(id);
    }
    return null;
  }

  /** Until it has ended, its lines are told and its output is taken out. */
  async function watch(id: string, order: StepOrder): Promise<number> {
    const { model, signal } = order;
    const lines = createStepLines(order, lastLines);
    const watching = new AbortController();
    const followed = containers.follow(id, lines.tell, watching.signal).catch(() => {});
    const { startedAt } = await containers.inspect(id);
    const limit = startedAt + model.timeoutSeconds * 1000 - Date.now();
    let timer: NodeJS.Timeout | undefined;
    let stop = () => {};
    try {
      const exitCode = await Promise.race([
        containers.wait(id, watching.signal),
        new Promise<never>((_resolve, reject) => {
          const late = () =>
            reject(new AppError('STEP_TIMED_OUT', { step: model.name, seconds: model.timeoutSeconds }));
          // setTimeout takes 24 days at most.
          timer = setTimeout(late, Math.min(Math.max(limit, 0), 2 ** 31 - 1));
          stop = () => reject(signal.reason);
          if (signal.aborted) stop();
          signal.addEventListener('abort', stop);
        }),
      ]);
      await Promise.race([followed, new Promise(resolve => setTimeout(resolve, logGraceMs))]);
      if (exitCode !== 0) {
        await lines.complete(containers, id);
        throw new AppError('STEP_FAILED', { step: model.name, exitCode, lastLines: lines.last() });
      }
      await Promise.all([lines.complete(containers, id), collect(id, order)]);
      return exitCode;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      watching.abort();
    }
  }

  async function collect(id: string, { model, outputDirectory, line }: StepOrder): Promise<void> {
    const partial = `${outputDirectory}.partial`;
    await rm(partial, { recursive: true, force: true });
    try {
      const tar = await containers.getTar(id, posix.normalize(model.outputDir));
      await extractTar(tar, partial, (name, why) => line('gantry', `Left out of the output: ${name}: ${why}`));
    } catch (error) {
      if (error instanceof AppError && error.code === 'DOCKER_UNREACHABLE') throw error;
      const reason = error instanceof AppError ? error.problem.remedy : (error as Error).message;
      throw new AppError('STEP_OUTPUT_UNREADABLE', { step: model.name, reason }, { cause: error });
    }
    await rm(outputDirectory, { recursive: true, force: true });
    await rename(partial, outputDirectory);
  }

  /** A container that cannot be removed now is reclaimed by the sweep of the next start. */
  const removed = (id: string) =>
    containers
      .remove(id)
      .catch(error => log.warn('docker', `container ${id.slice(0, 12)} is left: ${(error as Error).message}`));

  return {
    kind: 'container',
    preflight(model: Model) {
      const { problem, gpuRuntime } = engine.status();
      if (problem) return problem;
      return model.gpu && !gpuRuntime ? describe('ENGINE_WITHOUT_GPU', { address: engine.address }) : null;
    },
    async run(order) {
      try {
        const id = (await adopt(order)) ?? (await make(order));
        order.started(id);
        try {
          const exitCode = await watch(id, order);
          await removed(id);
          return { exitCode };
        } catch (error) {
          const left = order.signal.aborted && order.signal.reason instanceof Shutdown;
          const away = error instanceof AppError && error.code === 'DOCKER_UNREACHABLE';
          if (!left && !away) await removed(id);
          throw error;
        }
      } catch (error) {
        if (error instanceof AppError && error.code === 'DOCKER_UNREACHABLE') await engine.look();
        throw error;
      }
    },
    async sweep(isLive) {
      if (!engine.status().reachable) return;
      for (const { id, runUid, position } of await containers.ours()) {
        if (isLive(runUid, position)) continue;
        log.info('docker', `container ${id.slice(0, 12)} of no waiting run is removed`);
        await removed(id);
      }
    },
  };
}
