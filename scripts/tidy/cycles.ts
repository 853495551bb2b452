import type { SourceFile, Violation } from './source-file.ts';

/** Node to the nodes it points to. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** One shortest cycle through every node that lies on one, each cycle once. */
export function findCycles(graph: Graph): string[][] {
  const cycles = new Map<string, string[]>();
  const covered = new Set<string>();
  for (const start of [...graph.keys()].sort()) {
    if (covered.has(start)) continue;
    const cycle = shortestCycle(graph, start);
    if (!cycle) continue;
    for (const node of cycle) covered.add(node);
    cycles.set([...cycle].sort().join(), cycle);
  }
  return [...cycles.values()];
}

function shortestCycle(graph: Graph, start: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    for (const next of graph.get(node) ?? []) {
      if (next === start) return pathTo(cameFrom, node);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  return undefined;
}

function pathTo(cameFrom: ReadonlyMap<string, string>, end: string): string[] {
  const path: string[] = [];
  for (let node: string | undefined = end; node !== undefined; node = cameFrom.get(node)) path.unshift(node);
  return path;
}

function addEdge(graph: Map<string, Set<string>>, from: string, to: string): void {
  const targets = graph.get(from) ?? new Set();
  graph.set(from, targets.add(to));
}

/** Imports of types count: two files that need each other's types are one file or need a third. */
export function checkFileCycles(files: readonly SourceFile[]): Violation[] {
  const graph = new Map<string, Set<string>>();
  for (const file of files) {
    for (const { target, isRelative } of file.imports) if (isRelative) addEdge(graph, file.path, target);
  }
  return findCycles(graph).map((cycle) => violation(cycle, 'files import each other'));
}

/** In every folder, its files and subfolders must not need each other in a circle. A row's index.ts stands outside. */
export function checkFolderCycles(files: readonly SourceFile[]): Violation[] {
  const graphs = new Map<string, Map<string, Set<string>>>();
  for (const file of files) {
    if (file.path.endsWith('/index.ts') || file.isTest) continue;
    for (const { target, isRelative } of file.imports) {
      if (!isRelative || target.endsWith('/index.ts')) continue;
      const from = file.path.split('/');
      const to = target.split('/');
      const common = from.findIndex((part, index) => part !== to[index]);
      if (common < 1) continue;
      const folder = from.slice(0, common).join('/');
      const graph = graphs.get(folder) ?? new Map<string, Set<string>>();
      graphs.set(folder, graph);
      addEdge(graph, from.slice(0, common + 1).join('/'), to.slice(0, common + 1).join('/'));
    }
  }
  const cycles = [...graphs.values()].flatMap(findCycles);
  // A circle of files alone is reported as such already.
  return cycles
    .filter((cycle) => cycle.some((node) => !node.endsWith('.ts')))
    .map((cycle) => violation(cycle, 'folders import each other'));
}

function violation(cycle: readonly string[], what: string): Violation {
  const [first = ''] = cycle;
  return { path: first, line: 1, rule: 'cycles', message: `${what}: ${[...cycle, first].join(' -> ')}` };
}
