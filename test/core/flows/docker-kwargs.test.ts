import { describe, expect, it } from 'vitest';
import { allowedKwargs } from '../../../electron/core/flows/definition/docker-kwargs.ts';
import { refusedKwargs } from '../../../electron/core/flows/definition/docker-refused.ts';
import { parseFlow } from '../../../electron/core/flows/definition.ts';
import { containerOf, errorsOf, flowOf, warningsOf, withKwargs } from '../../helpers/flow-text.ts';

/** seed-systems.md §1.1. */
const allowList =
  `image command environment ports cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpuset_cpus
  device_cgroup_rules device_read_bps device_read_iops device_write_bps device_write_iops entrypoint ipc_mode labels
  mem_limit mem_reservation mem_swappiness memswap_limit nano_cpus network_disabled shm_size user`.split(/\s+/);

const throttle = '[{Path: /dev/sda, Rate: 1048576}]';
const mapped: [line: string, engine: Record<string, unknown>][] = [
  ['cpu_period: 100000', { HostConfig: { CpuPeriod: 100000 } }],
  ['cpu_quota: 50000', { HostConfig: { CpuQuota: 50000 } }],
  ['cpu_quota: -1', { HostConfig: { CpuQuota: -1 } }],
  ['cpu_rt_period: 1000000', { HostConfig: { CpuRealtimePeriod: 1000000 } }],
  ['cpu_rt_runtime: 950000', { HostConfig: { CpuRealtimeRuntime: 950000 } }],
  ['cpu_shares: 512', { HostConfig: { CpuShares: 512 } }],
  ['cpuset_cpus: 0-3', { HostConfig: { CpusetCpus: '0-3' } }],
  ['cpuset_cpus: "0,1"', { HostConfig: { CpusetCpus: '0,1' } }],
  ['cpuset_cpus: 0', { HostConfig: { CpusetCpus: '0' } }],
  ['device_cgroup_rules: ["c 1:3 rwm", "c *:* m"]', { HostConfig: { DeviceCgroupRules: ['c 1:3 rwm', 'c *:* m'] } }],
  [`device_read_bps: ${throttle}`, { HostConfig: { BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 1048576 }] } }],
  [`device_read_iops: ${throttle}`, { HostConfig: { BlkioDeviceReadIOps: [{ Path: '/dev/sda', Rate: 1048576 }] } }],
  [`device_write_bps: ${throttle}`, { HostConfig: { BlkioDeviceWriteBps: [{ Path: '/dev/sda', Rate: 1048576 }] } }],
  [`device_write_iops: ${throttle}`, { HostConfig: { BlkioDeviceWriteIOps: [{ Path: '/dev/sda', Rate: 1048576 }] } }],
  ['ipc_mode: private', { HostConfig: { IpcMode: 'private' } }],
  ['ipc_mode: none', { HostConfig: { IpcMode: 'none' } }],
  ['ipc_mode: shareable', { HostConfig: { IpcMode: 'shareable' } }],
  ['mem_limit: 512m', { HostConfig: { Memory: 536870912 } }],
  ['mem_limit: 1g', { HostConfig: { Memory: 1073741824 } }],
  ['mem_limit: 1.5GB', { HostConfig: { Memory: 1610612736 } }],
  ['mem_limit: 134217728', { HostConfig: { Memory: 134217728 } }],
  ['mem_limit: "134217728"', { HostConfig: { Memory: 134217728 } }],
  ['mem_reservation: 64mb', { HostConfig: { MemoryReservation: 67108864 } }],
  ['mem_swappiness: 0', { HostConfig: { MemorySwappiness: 0 } }],
  ['memswap_limit: -1', { HostConfig: { MemorySwap: -1 } }],
  ['nano_cpus: 1500000000', { HostConfig: { NanoCpus: 1500000000 } }],
  ['shm_size: 2G', { HostConfig: { ShmSize: 2147483648 } }],
  ['shm_size: 65536k', { HostConfig: { ShmSize: 67108864 } }],
  ['network_disabled: true', { NetworkDisabled: true }],
  ['user: 1000', { User: '1000' }],
  ['user: "1000:100"', { User: '1000:100' }],
  ['user: nobody', { User: 'nobody' }],
  ['command: echo hello', { Cmd: ['echo', 'hello'] }],
  ['command: ["sh", "-c", "exit 1"]', { Cmd: ['sh', '-c', 'exit 1'] }],
  ['command: [sleep, 5]', { Cmd: ['sleep', '5'] }],
  ['command: >-\n        sh -c "a b"', { Cmd: ['sh', '-c', 'a b'] }],
  ['entrypoint: /bin/sh -e', { Entrypoint: ['/bin/sh', '-e'] }],
  ['entrypoint: [/bin/sh]', { Entrypoint: ['/bin/sh'] }],
  ['environment: {A: 0, B: text, C: 1.10, D: , E: ""}', { Env: ['A=0', 'B=text', 'C=1.10', 'D', 'E='] }],
  ['environment: ["A=1", "B", "C=x=y"]', { Env: ['A=1', 'B', 'C=x=y'] }],
  ['labels: {team: neuro, n: 3}', { Labels: { team: 'neuro', n: '3' } }],
  ['labels: [team, "a=b"]', { Labels: { team: '', a: 'b' } }],
  [
    'ports: {8080: 18080, "53/udp": , "90/tcp": [127.0.0.1, 9090], "91": [1091, 1092]}',
    {
      ExposedPorts: { '8080/tcp': {}, '53/udp': {}, '90/tcp': {}, '91/tcp': {} },
      HostConfig: {
        PortBindings: {
          '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '18080' }],
          '53/udp': [{ HostIp: '127.0.0.1', HostPort: '' }],
          '90/tcp': [{ HostIp: '127.0.0.1', HostPort: '9090' }],
          '91/tcp': [
            { HostIp: '127.0.0.1', HostPort: '1091' },
            { HostIp: '127.0.0.1', HostPort: '1092' },
          ],
        },
      },
    },
  ],
];

describe('docker_kwargs', () => {
  it('allows what DicomFlow intends, no more and no less', () => {
    expect([...allowedKwargs].sort()).toEqual([...allowList].sort());
    const tried = new Set(['image', ...mapped.map(([line]) => line.split(':')[0])]);
    expect([...tried].sort()).toEqual([...allowList].sort());
  });

  it.each(mapped)('maps %s', (line, engine) => {
    expect(containerOf(withKwargs(line))).toEqual({ Image: 'busybox', Env: [], Labels: {}, HostConfig: {}, ...engine });
  });

  it('takes a bare key for the default', () => {
    for (const key of allowList.filter(name => name !== 'image')) {
      if (
        [
          'device_cgroup_rules',
          'device_read_bps',
          'device_read_iops',
          'device_write_bps',
          'device_write_iops',
        ].includes(key)
      )
        continue;
      expect(containerOf(withKwargs(`${key}:`)), key).toEqual({
        Image: 'busybox',
        Env: [],
        Labels: {},
        HostConfig: {},
      });
    }
  });

  it.each([
    'busybox',
    'registry:5000/img:tag',
    'ghcr.io/a/b-c/d__e.f:1.0',
    `a@sha256:${'0'.repeat(64)}`,
    'localhost/x',
    '127.0.0.1:5000/x:y',
  ])('takes the image %s', image => {
    expect(containerOf(`triggers: []\nmodels:\n  - docker_kwargs: {image: "${image}"}`).Image).toBe(image);
  });

  it.each(['', 'a b', 'UPPER', '../x', 'a:b:c', '-x', 'a//b', 'x:'.padEnd(300, 'y')])('refuses the image %j', image => {
    expect(errorsOf(`triggers: []\nmodels:\n  - docker_kwargs: {image: "${image}"}`)[0]).toMatch(
      /^3:\d+ .*an image name such as/,
    );
  });

  it('refuses a model without an image', () => {
    expect(errorsOf('triggers: []\nmodels:\n  - docker_kwargs: {command: x}')).toEqual([
      '3:5 models[0].docker_kwargs names no image',
    ]);
  });

  const escapes =
    `privileged volumes network network_mode devices device_requests cap_add cap_drop pid_mode security_opt
    userns_mode uts_mode cgroup_parent cgroupns sysctls runtime volumes_from mounts tmpfs restart_policy name detach remove
    auto_remove extra_hosts dns hostname links group_add working_dir read_only init pids_limit ulimits oom_kill_disable
    publish_all_ports healthcheck platform log_config`.split(/\s+/);
  it.each(escapes)('refuses %s by name, with the reason', key => {
    const [only, ...others] = errorsOf(withKwargs(`${key}: true`));
    expect(only).toMatch(new RegExp(`^5:7 ${key} is not allowed in docker_kwargs: .{10,}`));
    expect(others).toEqual([]);
    expect(refusedKwargs).toContain(key);
  });

  it('refuses a name nobody knows, and names the one that was meant', () => {
    expect(errorsOf(withKwargs('enviroment: {A: 1}'))).toEqual(['5:7 enviroment is not allowed in docker_kwargs']);
    expect(parseFlow(withKwargs('enviroment: {A: 1}'), 'x.yml').problems[0]?.remedy).toBe(
      'Write environment instead of enviroment.',
    );
    expect(errorsOf(withKwargs('Privileged: true'))).toEqual(['5:7 Privileged is not allowed in docker_kwargs']);
    expect(errorsOf(withKwargs('constructor: 1', '__proto__: {privileged: true}'))).toHaveLength(2);
  });

  const reaching: [line: string, place: string, words: string][] = [
    ['ipc_mode: host', '5:17', 'share memory with the host'],
    ['ipc_mode: container:db', '5:17', 'share memory with the host or another container'],
    ['device_cgroup_rules: ["b 8:* rwm"]', '5:29', 'would open device b 8:\\* of the host'],
    ['device_cgroup_rules: ["c 195:* rw"]', '5:29', 'would open device c 195'],
    ['device_cgroup_rules: ["a *:* rwm"]', '5:29', 'would open device a'],
    ['device_cgroup_rules: ["c 1:1 r"]', '5:29', 'would open device c 1:1'],
    ['device_cgroup_rules: ["all"]', '5:29', 'not a rule such as'],
    ['labels: {io.gantry.run: x}', '5:16', 'io.gantry.run is not for flows'],
    ['labels: {com.docker.compose.project: x}', '5:16', 'com.docker.compose.project is not for flows'],
    ['labels: ["com.docker.swarm.task=x"]', '5:16', 'com.docker.swarm.task is not for flows'],
    ['ports: {80: [0.0.0.0, 80]}', '5:19', 'where other machines reach it'],
    ['ports: {80: "10.0.0.1:80"}', '5:19', 'where other machines reach it'],
  ];
  it.each(reaching)('refuses %s', (line, place, words) => {
    const errors = errorsOf(withKwargs(line));
    expect(errors[0]).toMatch(new RegExp(words));
    expect(errors[0]?.split(' ')[0]).toBe(place);
  });

  const wrong: [line: string, place: string, expected: string][] = [
    ['mem_limit: lots', '5:18', 'a size such as 512m'],
    ['mem_limit: 1m', '5:18', 'a size of at least 6291456 bytes'],
    ['mem_limit: true', '5:18', 'a size such as 512m'],
    ['mem_limit: [1g]', '5:18', 'a size such as 512m'],
    ['mem_swappiness: 101', '5:23', 'a whole number from 0 to 100'],
    ['nano_cpus: 1.5', '5:18', 'a whole number'],
    ['cpu_period: 5', '5:19', 'a whole number from 1000'],
    ['cpuset_cpus: all', '5:20', 'CPUs such as 0-3'],
    ['user: "a b"', '5:13', 'a user, or user:group'],
    ['network_disabled: maybe', '5:25', 'true or false'],
    ['environment: text', '5:20', 'a mapping, or a list of NAME=value'],
    ['environment: {"A B": 1}', '5:21', '"A B" cannot be the name of a variable'],
    ['environment: {A: [1]}', '5:24', 'text or a number'],
    ['command: {a: b}', '5:16', 'a command, or a list of its words'],
    ['ports: {99999: 1}', '5:15', '99999 is not a port of a container'],
    ['ports: {80: seven}', '5:19', 'a port, or [127.0.0.1, port]'],
    ['device_read_bps: [{Path: /dev/sda}]', '5:25', 'a mapping of Path and Rate'],
    ['device_read_bps: [{Path: /etc/passwd, Rate: 1}]', '5:32', 'a device such as /dev/sda'],
  ];
  it.each(wrong)('refuses %s at its value', (line, place, expected) => {
    const errors = errorsOf(withKwargs(line));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(expected);
    expect(errors[0]?.split(' ')[0]).toBe(place);
  });

  it('refuses a command whose quotes do not close', () => {
    expect(errorsOf(withKwargs('command: echo "a'))).toEqual([
      '5:16 models[0].docker_kwargs.command cannot be split into words: a " is not closed',
    ]);
  });

  it('refuses what the engine would refuse only at the start of a run', () => {
    expect(errorsOf(withKwargs('memswap_limit: 1g'))).toEqual(['5:7 memswap_limit needs a mem_limit']);
    expect(errorsOf(withKwargs('mem_limit: 1g', 'memswap_limit: 512m'))).toEqual([
      '6:7 memswap_limit is less than mem_limit',
    ]);
    expect(errorsOf(withKwargs('mem_limit: 1g', 'mem_reservation: 2g'))).toEqual([
      '6:7 mem_reservation is more than mem_limit',
    ]);
    expect(errorsOf(withKwargs('nano_cpus: 1000', 'cpu_quota: 5000'))).toEqual([
      '5:7 nano_cpus cannot be combined with cpu_period or cpu_quota',
    ]);
    expect(containerOf(withKwargs('mem_limit: 1g', 'memswap_limit: 2g')).HostConfig).toEqual({
      Memory: 2 ** 30,
      MemorySwap: 2 ** 31,
    });
  });

  it('passes booleans as they are written and says that DicomFlow did not', () => {
    expect(containerOf(withKwargs('environment: {A: True, B: false}')).Env).toEqual(['A=True', 'B=false']);
    expect(warningsOf(withKwargs('environment: {A: True, B: false}'))[1]).toMatch(
      /^5:33 B is passed as it is written, false/,
    );
    expect(warningsOf(withKwargs('environment: {A: "True"}'))).toEqual([]);
  });

  it('leaves the choice of GPUs to Gantry', () => {
    expect(containerOf(withKwargs('environment: {NVIDIA_VISIBLE_DEVICES: all, A: 1}')).Env).toEqual(['A=1']);
    expect(warningsOf(withKwargs('environment: {NVIDIA_VISIBLE_DEVICES: all}'))[0]).toContain(
      'NVIDIA_VISIBLE_DEVICES is left out',
    );
  });

  it('says that ports need a network', () => {
    expect(warningsOf(withKwargs('ports: {80: 8080}'))).toEqual([
      '5:7 ports have no effect: the container has no network',
    ]);
    expect(warningsOf(`network: bridge\n${withKwargs('ports: {80: 8080}')}`)).toEqual([]);
  });

  it('gives no network to a container whose network is disabled', () => {
    const text = `network: bridge\n${withKwargs('network_disabled: true')}`;
    expect(flowOf(text).models[0]?.network).toBe('none');
    expect(warningsOf(text)[0]).toContain('network: bridge has no effect');
  });
});
