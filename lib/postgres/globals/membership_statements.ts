// Who is a member of whom, groups first. Who granted it is not carried: servers before 16 keep nothing that means anything.
import type { Listed } from "../inventory/inventory_types.ts";
import { quoteName } from "./quote.ts";

interface Membership {
  readonly member: string;
  readonly role: string;
  readonly admin?: boolean;
  /** From PostgreSQL 16 on. */
  readonly inherit?: boolean;
  readonly set?: boolean;
}

/** A group's own memberships come before those in it. */
export function membershipsInOrder(listed: Listed): Membership[] {
  const rest = Object.values(listed) as unknown as Membership[];
  const parents = Map.groupBy(rest, ({ member }) => member);
  const height = (role: string, seen: readonly string[] = []): number =>
    seen.includes(role)
      ? 0
      : Math.max(0, ...(parents.get(role) ?? []).map((each) => 1 + height(each.role, [...seen, role])));
  return rest.toSorted((a, b) => height(a.role) - height(b.role));
}

/** Options that the target does not know are left out. */
export function membershipStatement({ member, role, admin, inherit, set }: Membership, targetMajor: number): string {
  const options = [
    ...(admin ? ["ADMIN TRUE"] : []),
    ...(inherit === undefined ? [] : [`INHERIT ${inherit ? "TRUE" : "FALSE"}`]),
    ...(set === undefined ? [] : [`SET ${set ? "TRUE" : "FALSE"}`]),
  ];
  const grant = `GRANT ${quoteName(role)} TO ${quoteName(member)}`;
  if (targetMajor < 16) return admin ? `${grant} WITH ADMIN OPTION` : grant;
  return options.length === 0 ? grant : `${grant} WITH ${options.join(", ")}`;
}
