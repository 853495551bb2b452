/** A FlexVolume driver beside the controllers, and what is attached in truth. */
import type { VirtualClock } from '../../../src/base/index.ts';
import { FlexDriver } from '../../../src/volume-plugins/flex-volume/flex-driver.ts';
import type { FlexControllerPlugin } from '../../../src/volume-plugins/index.ts';
import { FlexControllerPlugin as Plugin } from '../../../src/volume-plugins/index.ts';
import { type FakeAnswer, FakeFlexDriver, success } from '../../../src/volume-plugins/testing/fake-flex-driver.ts';

export const flexDriverName = 'k8s/dummy';
const hungMs = 120_000;

/** What nodes list. */
export const flexVolume = (name: string) => `${flexDriverName}/${name}`;

export class FlexBackend {
  /** `volume@node` */
  readonly attached = new Set<string>();
  /** What the driver was last asked to make of volumes, in bytes. */
  readonly sizes = new Map<string, string>();
  readonly exec: FakeFlexDriver;
  readonly plugin: FlexControllerPlugin;
  /** Hears of each call that changes something before its effect, and after it; throwing loses the call or its answer. */
  onCall: (command: string, volume: string, node: string) => void = () => {};
  onReply: (command: string) => void = () => {};
  /** The most nodes that one volume was ever attached to at once. */
  mostNodes = 0;
  readonly #clock: VirtualClock;
  readonly #listeners = new Set<(name: string) => void>();
  #driver: FlexDriver | undefined;

  private constructor(clock: VirtualClock) {
    this.#clock = clock;
    this.exec = new FakeFlexDriver({
      attach: ([, options = '', node = '']) =>
        this.#change('attach', { volume: nameIn(options), node }, () => this.attach(nameIn(options), node)),
      detach: ([, volume = '', node = '']) => this.#change('detach', { volume, node }, () => this.detach(volume, node)),
      expandvolume: ([, options = '', , newBytes = '']) =>
        this.#change('expandvolume', { volume: nameIn(options), node: '' }, () => {
          this.sizes.set(nameIn(options), newBytes);
          return success;
        }),
      isattached: ([, options = '', node = '']) => ({
        ...success,
        attached: this.attached.has(`${nameIn(options)}@${node}`),
      }),
    });
    this.plugin = this.newPlugin();
  }

  /** As another process beside the driver has it. */
  newPlugin(): FlexControllerPlugin {
    return new Plugin({
      find: (name) => (name === flexDriverName ? this.#driver : undefined),
      names: () => [],
      ready: async () => {},
      onChange: (listener) => {
        this.#listeners.add(listener);
        return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
      },
    });
  }

  static async create(clock: VirtualClock, init: object = success): Promise<FlexBackend> {
    const backend = new FlexBackend(clock);
    backend.exec.answers.set('init', init);
    await backend.install();
    return backend;
  }

  attach(volume: string, node: string): FakeAnswer {
    this.attached.add(`${volume}@${node}`);
    const nodes = [...this.attached].filter((entry) => entry.startsWith(`${volume}@`)).length;
    this.mostNodes = Math.max(this.mostNodes, nodes);
    return { ...success, device: `/dev/${volume}-on-${node}` };
  }

  detach(volume: string, node: string): FakeAnswer {
    this.attached.delete(`${volume}@${node}`);
    return success;
  }

  #change(
    command: string,
    of: { readonly volume: string; readonly node: string },
    effect: () => FakeAnswer,
  ): FakeAnswer {
    this.onCall(command, of.volume, of.node);
    const answer = effect();
    this.onReply(command);
    return answer;
  }

  /** For an answer that comes when its deadline is over. */
  async hang(): Promise<void> {
    await this.#clock.sleep(hungMs);
  }

  async install(): Promise<void> {
    this.#driver = new FlexDriver({ name: flexDriverName, executable: '/exec/k8s~dummy/dummy', exec: this.exec });
    await this.#driver.init(new AbortController().signal);
    this.#tell();
  }

  uninstall(): void {
    this.#driver = undefined;
    this.#tell();
  }

  /** The calls about volumes, without what they are handed of them. */
  calls(): readonly string[] {
    const short = this.exec.calls.map((call) => call.replace(/ \{.*?\}/, ''));
    return short.filter((call) => call !== 'init' && call !== 'getvolumename');
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(flexDriverName);
  }
}

function nameIn(options: string): string {
  return JSON.parse(options)['kubernetes.io/pvOrVolumeName'];
}
