// Cycles in a directed graph, by Tarjan's strongly connected components (SIAM J. Comput. 1, 1972), without recursion so
// that a long chain cannot exhaust the stack. (pure)

/** @returns each group of nodes that reach one another, in the order of the input; a node with an edge to itself too */
export function cyclesOf(edges: readonly { readonly from: string; readonly to: string }[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const found: string[][] = [];
  for (const root of next.keys()) if (!order.has(root)) visit(root);
  return found;

  function visit(root: string): void {
    const path = [{ node: root, edge: 0 }];
    enter(root);
    for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
      const to = next.get(at.node)?.[at.edge++];
      if (to === undefined) {
        path.pop();
        const parent = path.at(-1)?.node;
        if (parent !== undefined) lower(parent, low.get(at.node) ?? 0);
        if (low.get(at.node) === order.get(at.node)) leave(at.node);
      } else if (!order.has(to)) {
        enter(to);
        path.push({ node: to, edge: 0 });
      } else if (onStack.has(to)) lower(at.node, order.get(to) ?? 0);
    }
  }

  function enter(node: string): void {
    order.set(node, order.size);
    low.set(node, order.get(node) ?? 0);
    stack.push(node);
    onStack.add(node);
  }

  function lower(node: string, to: number): void {
    low.set(node, Math.min(low.get(node) ?? to, to));
  }

  function leave(node: string): void {
    const group = stack.splice(stack.lastIndexOf(node));
    for (const each of group) onStack.delete(each);
    if (group.length > 1 || next.get(node)?.includes(node)) found.push(group);
  }
}
