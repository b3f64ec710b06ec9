/** What a new flow file begins with: off, so that nothing runs before its writer says so. */
export const firstFlow = `name: My flow
version: "1.0"
enabled: false        # true when it is ready
priority: 0           # 0 to 5; higher starts first

# Every trigger has to be met by some instance; all keys of one trigger by the same one.
triggers:
  - Modality: CT|MR
    # SeriesDescription: "Head|Neck"

# Containers, one after the other: the output of one is the input of the next.
models:
  - docker_kwargs:
      image: busybox
      command: sh -c 'ls -l /input; cp -r /input/. /output/'
    timeout: 1800

# Where the last output goes. Every instance is tried until it is confirmed.
destinations:
  - folder: results
  # - host: 127.0.0.1
  #   port: 104
  #   ae_title: ARCHIVE
`;
