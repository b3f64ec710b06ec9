import { z } from 'zod';
import { aeTitle, port } from '../../../shared/schemas/common.ts';

/** Lists come as YAML lists, or as text separated by spaces or commas (DicomFlow's `GPUS=0 2 5`). */
const list = <T extends z.ZodType<string>>(item: T) =>
  z.preprocess(value => {
    if (Array.isArray(value)) return value.map(String);
    if (typeof value === 'number') return [String(value)];
    return typeof value === 'string' ? value.split(/[\s,]+/).filter(Boolean) : value;
  }, z.array(item));

const onOff = z.preprocess(
  value =>
    typeof value === 'string'
      ? { true: true, '1': true, yes: true, false: false, '0': false, no: false }[value.toLowerCase()]
      : value,
  z.boolean(),
);
const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const optionalPort = z.preprocess(
  value => (value === '' || value === 0 || value === '0' ? null : value),
  port.nullable(),
);
const text = z.string().max(4096);

interface Declared<T> {
  schema: z.ZodType<T>;
  default: T;
  help: string;
  unit?: string;
  restart?: boolean;
  /** Environment names read besides GANTRY_<KEY>. */
  environment?: string[];
}
const setting = <T>(declared: Declared<T>): Declared<T> => declared;

/** Every setting. The key is its name in `conf.d/*.yml`; `GANTRY_<KEY>` is its environment variable. */
export const catalogue = {
  AE_TITLE: setting({
    schema: aeTitle,
    default: 'GANTRY',
    help: 'AE title of the listener, and our calling AE title.',
    restart: true,
  }),
  DICOM_HOST: setting({ schema: text, default: '0.0.0.0', help: 'Address that the listener binds.', restart: true }),
  DICOM_PORT: setting({ schema: whole(0, 65535), default: 11112, help: 'Port of the listener.', restart: true }),
  TLS_PORT: setting({
    schema: optionalPort,
    default: null as number | null,
    help: 'Port of the TLS listener; none by default.',
    restart: true,
  }),
  TLS_CERTIFICATE: setting({
    schema: text,
    default: '',
    help: 'PEM file with the certificate of the TLS listener.',
    restart: true,
  }),
  TLS_KEY: setting({ schema: text, default: '', help: 'PEM file with its private key.', restart: true }),
  TLS_CLIENT_CA: setting({
    schema: text,
    default: '',
    help: 'PEM file; when set, a client must show a certificate it signed.',
    restart: true,
  }),
  MAX_ASSOCIATIONS: setting({
    schema: whole(1, 1000),
    default: 32,
    help: 'Associations served at once; more are rejected as transient.',
  }),
  MAX_PDU: setting({ schema: whole(4096, 1048576), default: 262144, unit: 'bytes', help: 'Largest PDU we announce.' }),
  IDLE_TIMEOUT: setting({
    schema: whole(1, 86400),
    default: 60,
    unit: 's',
    help: 'Silence after which an association is aborted.',
  }),
  CALLED_AE_TITLES: setting({
    schema: list(aeTitle),
    default: [] as string[],
    help: 'Called AE titles accepted; empty accepts all.',
  }),
  CALLING_AE_TITLES: setting({
    schema: list(aeTitle),
    default: [] as string[],
    help: 'Calling AE titles accepted; empty accepts all.',
  }),
  CALLING_HOSTS: setting({
    schema: list(z.string().max(253)),
    default: [] as string[],
    help: 'Addresses accepted as senders; empty accepts all.',
  }),
  MIN_FREE_BYTES: setting({
    schema: whole(0, 2 ** 50),
    default: 5 * 2 ** 30,
    unit: 'bytes',
    help: 'Below this free space, or below MIN_FREE_PERCENT where that is less, instances are refused with 0xA700.',
  }),
  MIN_FREE_PERCENT: setting({
    schema: z.coerce.number().min(0).max(100),
    default: 5,
    unit: '%',
    help: 'See MIN_FREE_BYTES.',
  }),
  TAR_SUBDIR: setting({
    schema: list(z.string().regex(/^[A-Za-z0-9]+$/)),
    default: [] as string[],
    help: 'Keywords whose values become subfolders of a step input, unless the flow says tar_subdir.',
  }),
  GPUS: setting({
    schema: list(z.string().regex(/^[A-Za-z0-9-]+$/)),
    default: [] as string[],
    environment: ['GPUS'],
    help: 'GPUs that flows may use, by index or UUID; each serves one run at a time.',
  }),
  RUNS_AT_ONCE: setting({ schema: whole(1, 64), default: 2, help: 'Runs that execute at the same time.' }),
  DOCKER_HOST: setting({
    schema: text,
    default: '',
    environment: ['DOCKER_HOST'],
    help: 'Engine to use, e.g. unix:///var/run/docker.sock or tcp://host:2375; found by itself when empty.',
    restart: true,
  }),
  STEP_PIDS: setting({ schema: whole(16, 1000000), default: 4096, help: 'Most processes in the container of a step.' }),
  STEP_MEMORY_BYTES: setting({
    schema: whole(0, 2 ** 50),
    default: 0,
    unit: 'bytes',
    help: 'Memory limit of a step that sets none; 0 is no limit.',
  }),
  STEP_CPUS: setting({
    schema: z.coerce.number().min(0).max(1024),
    default: 0,
    unit: 'CPUs',
    help: 'CPU limit of a step that sets none; 0 is no limit.',
  }),
  SEND_TIMEOUT: setting({
    schema: whole(1, 3600),
    default: 60,
    unit: 's',
    help: 'Silence of a peer after which a send counts as failed.',
  }),
  SEND_ASSOCIATIONS: setting({
    schema: whole(1, 16),
    default: 1,
    help: 'Associations opened at once to one destination.',
  }),
  RETRY_FIRST: setting({
    schema: z.coerce.number().min(0.05).max(86400),
    default: 30,
    unit: 's',
    help: 'Wait before the second attempt of a delivery; doubled each time.',
  }),
  RETRY_MAX: setting({
    schema: z.coerce.number().min(0.05).max(604800),
    default: 1800,
    unit: 's',
    help: 'Longest wait between attempts.',
  }),
  RETRY_ATTEMPTS: setting({
    schema: whole(1, 1000),
    default: 10,
    help: 'Attempts before a delivery counts as failed.',
  }),
  BREAKER_FAILURES: setting({
    schema: whole(1, 1000),
    default: 3,
    help: 'Failed associations in a row after which a destination is left alone for a while.',
  }),
  RETENTION_ENABLED: setting({
    schema: onOff,
    default: false,
    help: 'Remove files of batches and runs by the ages below. What is not delivered yet is always kept.',
  }),
  RETENTION_SENT_DAYS: setting({
    schema: z.coerce.number().min(0).max(36500),
    default: 30,
    unit: 'days',
    help: 'Age at which the files of a sent run are removed.',
  }),
  RETENTION_FAILED_DAYS: setting({
    schema: z.coerce.number().min(0).max(36500),
    default: 90,
    unit: 'days',
    help: 'Age at which the files of a failed or cancelled run are removed.',
  }),
  RETENTION_UNMATCHED_DAYS: setting({
    schema: z.coerce.number().min(0).max(36500),
    default: 90,
    unit: 'days',
    help: 'Age at which instances that no flow matched are removed.',
  }),
  LOG_SPILL_BYTES: setting({
    schema: whole(2 ** 20, 2 ** 40),
    default: 2 ** 30,
    unit: 'bytes',
    help: 'Log lines kept in DATA/logs; beyond it the oldest go.',
  }),
} as const;

export type SettingKey = keyof typeof catalogue;
export type SettingValues = { [K in SettingKey]: (typeof catalogue)[K]['default'] };
