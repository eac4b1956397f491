/** What bare `muster` says: what it is, three examples, the commands. */
import { alignColumns } from "./output.ts";
import { routes } from "./routes.ts";

const EXAMPLES: readonly (readonly [command: string, meaning: string])[] = [
  ["serve --trial", "have a look: no privilege, no file, nothing is kept"],
  ["init", "write appliance.toml, with every key explained"],
  ["serve --config appliance.toml", "run the appliance"],
];

export function renderOverview(programName: string): readonly string[] {
  const commands = Object.entries(routes).map(([name, command]) => [`  ${name}`, command.brief]);
  const examples = EXAMPLES.map(([command, meaning]) => [`  ${programName} ${command}`, meaning]);
  return [
    "muster activates the machines of a network that nothing else reaches.",
    "",
    ...alignColumns(examples),
    "",
    ...alignColumns(commands),
    "",
    `\`${programName} help COMMAND\` explains one.`,
  ];
}
