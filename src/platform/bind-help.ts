/** Words for a listener that could not be opened: what is in the way, and what the choices are. */
import { type BindError, formatEndpoint } from "./endpoint.ts";
import type { PortHolder } from "./port-holder.ts";
import { sanitise } from "./text.ts";

/**
 * The first line says what happened, the others what to do. `holders`: of the port, as far as seen.
 */
export function explainBindError(
  { part, endpoint, code }: BindError,
  holders: readonly PortHolder[],
): readonly string[] {
  const place = `${part}: cannot listen on ${formatEndpoint(endpoint)}`;
  switch (code) {
    case "EADDRINUSE":
      return [`${place}: the port is in use${by(holders)}`, ...portInUse(part, endpoint, holders)];
    case "EACCES":
    case "EPERM":
      return [`${place}: not permitted`, ...notPermitted(part, endpoint.port)];
    case "EADDRNOTAVAIL":
      return [
        `${place}: this machine has no such address`,
        `name one of its own, or "0.0.0.0" or "[::]" for all, in ${part}.listen`,
      ];
    case "EAFNOSUPPORT":
      return [
        `${place}: this machine has no ${endpoint.address.includes(":") ? "IPv6" : "IPv4"}`,
        `take the address out of ${part}.listen`,
      ];
    default:
      return [`${place}: ${code}`];
  }
}

function by(holders: readonly PortHolder[]): string {
  if (holders.length === 0) return "";
  const names = holders.map(({ name, processId }) => `${sanitise(name)} (process ${processId})`);
  return ` by ${names.join(", ")}`;
}

/** systemd's stub resolver; the kernel cuts the name of its process. */
const STUB_RESOLVER = "systemd-resolve";

function portInUse(
  part: string,
  endpoint: { readonly port: number },
  holders: readonly PortHolder[],
): readonly string[] {
  const lines: string[] = [];
  if (holders.length === 0) {
    lines.push(`as root, \`ss -lntup 'sport = :${endpoint.port}'\` names the process`);
  }
  if (part === "dns" && holders.some(({ name }) => name.startsWith(STUB_RESOLVER))) {
    lines.push(
      "it holds loopback addresses only: listen on this machine's own,",
      '  for example dns.listen = ["192.0.2.10:53"]',
    );
  }
  return [...lines, `or choose another port in ${part}.listen`];
}

/** Never setcap: the executable can be made to run any script, with whatever it was given. */
function notPermitted(part: string, port: number): readonly string[] {
  return [
    `ports below 1024 need a privilege. Choose one of:`,
    "  - run as a service with AmbientCapabilities=CAP_NET_BIND_SERVICE in its unit",
    `  - let everyone use the port: sysctl -w net.ipv4.ip_unprivileged_port_start=${port}`,
    `  - listen on another port: ${part}.listen = ["0.0.0.0:${port < 1024 ? port + 5000 : port}"]`,
  ];
}
