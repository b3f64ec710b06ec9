import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import { problemSchema } from './schemas/common.ts';

/** One error shape for all: `data` is the problem, `status` follows its kind (400, 404, 503, 500). */
export const base = oc.errors({ PROBLEM: { data: problemSchema } });
export const get = (path: `/${string}`, summary: string) => base.route({ method: 'GET', path, summary });

/** Changed ids since the last item: the window asks again for what it shows of them. */
export const changes = eventIterator(z.object({ ids: z.array(z.number().int()) }));
