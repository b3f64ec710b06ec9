/**
 * What docker-py's `containers.run` offers and a flow file may not use, with the reason. A flow file is text that many
 * may edit; none of it may reach the host, other containers or the network behind the operator's back.
 */
const host = 'it would give the container power over the host';
const network = 'the network of a flow is set by network: none or network: bridge';
const gantry = 'Gantry sets it, to watch and clean up the container';
const fixed = 'it is not among the settings a flow may use';
const storage = 'data reaches a container only through input_dir, output_dir and static_mounts';

const reasons: Record<string, string> = {
  ...same(host, 'privileged cap_add devices pid_mode security_opt userns_mode uts_mode cgroup_parent cgroupns sysctls'),
  ...same(host, 'runtime group_add oom_kill_disable oom_score_adj ulimits init_path lxc_conf isolation'),
  ...same(network, 'network network_mode networks networking_config dns dns_opt dns_search domainname extra_hosts'),
  ...same(network, 'hostname links mac_address publish_all_ports use_config_proxy'),
  ...same(storage, 'volumes volumes_from volume_driver mounts tmpfs storage_opt read_only'),
  ...same(gantry, 'name detach remove auto_remove restart_policy log_config stdout stderr stream stdin_open tty init'),
  ...same(gantry, 'pids_limit stop_signal healthcheck version'),
  ...same(fixed, 'cap_drop working_dir platform blkio_weight blkio_weight_device cpuset_mems cpu_count cpu_percent'),
  ...same(fixed, 'kernel_memory kernel_memory_tcp'),
  device_requests: 'GPUs are given by gpu: true, one of the GPUs of the settings to one run',
};

function same(reason: string, names: string): Record<string, string> {
  return Object.fromEntries(names.split(' ').map(name => [name, reason]));
}

/** Why docker_kwargs may not hold this key; null when docker-py does not know it either. */
export const refusedKwarg = (key: string): string | null =>
  Object.hasOwn(reasons, key) ? (reasons[key] ?? null) : null;

/** Every name refused with its own reason. */
export const refusedKwargs: readonly string[] = Object.keys(reasons);
