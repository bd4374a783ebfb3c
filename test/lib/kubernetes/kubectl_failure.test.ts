// kubectl's own words, as version 1.32 printed them, against what a person is told to look at.
import { describe, expect, test } from "bun:test";
import { kubectlFailure } from "../../../lib/kubernetes/kubectl_failure.ts";

const GET = ["kubectl", "--namespace=state-hub", "get", "cronjobs.batch", "x"];
const CREATE = ["kubectl", "--namespace=state-hub", "create", "--validate=false", "--filename=-"];
const LOGGED =
  'E1121 11:29:50.571234 123 memcache.go:265] "Unhandled Error" err="couldn\'t get current server API group list: ';
const asked = { context: null, namespace: "state-hub" };

const SAID: readonly (readonly [string, expected: string, hint: string])[] = [
  [
    "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
    "a kubeconfig with that context",
    "kubectl config get-contexts",
  ],
  [
    "error: error loading config file \"/home/o/.kube/config\": yaml: line 1: did not find expected ',' or ']'",
    "a kubeconfig that can be read",
    "kubectl config view",
  ],
  [
    `${LOGGED}Get \\"https://10.0.0.1/api?timeout=10s\\": http: server gave HTTP response to HTTPS client"\n` +
      "Unable to connect to the server: http: server gave HTTP response to HTTPS client",
    "the API server at that address, and no other server",
    "kubectl --namespace=state-hub cluster-info",
  ],
  [
    'error: unable to recognize "STDIN": Get "https://10.0.0.1/api?timeout=10s": dial tcp 10.0.0.1:443: connect: connection refused',
    "the cluster's API server to answer",
    "kubectl --namespace=state-hub cluster-info",
  ],
  [
    'error: unable to recognize "STDIN": the server has asked for the client to provide credentials',
    "credentials that the cluster takes",
    "kubectl --namespace=state-hub auth whoami",
  ],
  [
    "Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
    "an answer in time from the cluster's API server",
    "kubectl --namespace=state-hub cluster-info",
  ],
];

describe("kubectlFailure()", () => {
  for (const [said, expected, hint] of SAID)
    test(`tells what to look at: ${expected} (${said.slice(-40)})`, () => {
      expect(kubectlFailure(asked, GET, said)).toMatchObject({ expected, hint });
    });

  test("takes the deadline in a URL for no reason, and knows nothing where kubectl says something new", () => {
    const said = `${LOGGED}Get \\"https://10.0.0.1/api?timeout=10s\\": x"\nerror: Get "https://10.0.0.1/api?timeout=10s": x`;
    const { expected, observed } = kubectlFailure(asked, GET, said);
    expect([expected, observed]).toEqual([undefined, 'Get "https://10.0.0.1/api?timeout=10s": x']);
  });

  test("names what was asked, a Job too, whose manifest is in no argument", () => {
    expect(kubectlFailure(asked, GET, "x").message).toBe("Could not get cronjobs.batch x by kubectl");
    expect(kubectlFailure(asked, CREATE, "x").message).toBe("Could not create a Job by kubectl");
  });
});
