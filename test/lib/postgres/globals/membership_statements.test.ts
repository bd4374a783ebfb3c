import { expect, test } from "bun:test";
import { membershipStatement, membershipsInOrder } from "../../../../lib/postgres/globals/membership_statements.ts";

test("membershipsInOrder() puts a group's own memberships before those in it, and ends on a circle", () => {
  const listed = {
    "a in b": { member: "a", role: "b" },
    "b in c": { member: "b", role: "c" },
    "c in d": { member: "c", role: "d" },
    "x in y": { member: "x", role: "y" },
    "y in x": { member: "y", role: "x" },
  };
  const order = membershipsInOrder(listed).map(({ member, role }) => `${member} in ${role}`);
  expect(order).toHaveLength(5);
  expect(order.indexOf("c in d")).toBeLessThan(order.indexOf("b in c"));
  expect(order.indexOf("b in c")).toBeLessThan(order.indexOf("a in b"));
});

test("membershipStatement() spells options as the target's version does", () => {
  const plain = { member: "a", role: 'b"c' };
  expect(membershipStatement(plain, 15)).toBe('GRANT "b""c" TO "a"');
  expect(membershipStatement({ ...plain, admin: true }, 15)).toBe('GRANT "b""c" TO "a" WITH ADMIN OPTION');
  expect(membershipStatement({ ...plain, inherit: false, set: true }, 15)).toBe('GRANT "b""c" TO "a"');
  expect(membershipStatement({ ...plain, admin: true, inherit: false, set: true }, 16)).toBe(
    'GRANT "b""c" TO "a" WITH ADMIN TRUE, INHERIT FALSE, SET TRUE',
  );
});
