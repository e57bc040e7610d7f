/** Stands in for the Python extension: the part of its API that kerasast uses, and a way for tests to select a Python. */
import * as vscode from "vscode";

const changed = new vscode.EventEmitter<{ path: string }>();
let selected = process.env.KERASAST_TEST_SELECTED ?? "";

export interface StandIn {
  select(executable: string): void;
  asked: number;
}

export function activate(): StandIn & { environments: object } {
  const api = {
    asked: 0,
    select(executable: string) {
      selected = executable;
      changed.fire({ path: executable });
    },
    environments: {
      getActiveEnvironmentPath: () => ({ path: selected }),
      resolveEnvironment: (environment: { path: string }) => {
        api.asked += 1;
        const uri = environment.path ? vscode.Uri.file(environment.path) : undefined;
        return Promise.resolve({ executable: { uri } });
      },
      onDidChangeActiveEnvironmentPath: changed.event,
    },
  };
  return api;
}
