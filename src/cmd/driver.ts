import type { Command } from 'commander';

export function addDriverCommands(program: Command): void {
  const driver = program.command('driver').description('run one of the bundled CSI drivers');
  void driver;
}
