/** The flags of `stowage kubelet`. */
import { defaultFlexVolumeDir } from '../../volume-plugins/index.ts';
import { connectionFlags, gatesFlag, loggingFlags } from './common-flags.ts';
import { bool, file, type IdleFlags, integer, text } from './flag-table.ts';

export const kubeletFlags = {
  ...connectionFlags,
  ...loggingFlags,
  ...gatesFlag,
  'node-name': text('', 'the name of the node (default: the host name)'),
  'node-ip': text('127.0.0.1', 'where the node is reached'),
  'root-dir': text('/var/lib/kubelet', 'where the kubelet keeps its files'),
  'data-dir': text('', 'where containers and images are kept (default: <root-dir>/stowage)'),
  'volume-plugin-dir': text(defaultFlexVolumeDir, 'where FlexVolume drivers are installed'),
  port: integer(10_250, 'where logs and exec are served', { atLeast: 0, atMost: 65_535 }),
  'enable-controller-attach-detach': bool(true, 'volumes are attached to this node by the attach/detach controller'),
  'tls-cert-file': file('what to serve them with'),
  'tls-private-key-file': file('its key'),
  'client-ca-file': file('the authority of the API server that asks for them'),
};

export const idleKubeletFlags: IdleFlags = {};
