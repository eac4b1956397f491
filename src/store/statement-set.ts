import type { Database, Statement } from "bun:sqlite";

export type Binding = string | number | Uint8Array | null;

/** Statements prepared once, which have to go before their database can close. */
export class StatementSet {
  readonly #database: Database;
  readonly #statements: Statement[] = [];

  constructor(database: Database) {
    this.#database = database;
  }

  prepare<Row>(sql: string): Statement<Row, Binding[]> {
    const statement = this.#database.prepare<Row, Binding[]>(sql);
    this.#statements.push(statement);
    return statement;
  }

  finalize(): void {
    for (const statement of this.#statements.splice(0)) statement.finalize();
  }
}
