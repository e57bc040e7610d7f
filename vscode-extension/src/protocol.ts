/** What is said between the extension and the server beyond the Language Server Protocol. */
import {
  Location,
  RequestType,
  TextDocumentIdentifier,
  TextDocumentPositionParams,
} from "vscode-languageclient/node";

/** The Keras that a document is for, and what the server is. */
export interface Status {
  /** Of kerasast. */
  version: string;
  /** The version of the Python that the server runs on. */
  python: string;
  executable: string;
  /** `null` for a document that has nothing to do with Keras. */
  kerasVersion: string | null;
  /** Why it is this version: a clause such as `from requirements.txt: keras==2.12`. */
  reason: string | null;
  /** How many files of the project were checked. */
  files: number;
  problems: number;
  /** Whether the package that some fixes are made with is there. */
  fixes: boolean;
}

/** A rule; its document is asked for by its name. */
export interface Rule {
  name: string;
  summary: string;
  category: string;
  severity: string;
  url: string | null;
}

export interface RuleDocument extends Rule {
  markdown: string;
}

export type EventKind =
  | "created"
  | "built"
  | "compiled"
  | "frozen"
  | "unfrozen"
  | "trained"
  | "called"
  | "saved"
  | "loaded"
  | "other";

/** What is wrong at an event in the life of a model. */
export interface Problem {
  rule: string;
  severity: "error" | "warning" | "info";
  message: string;
}

export interface LifecycleEvent {
  kind: EventKind;
  text: string;
  location: Location;
  problem: Problem | null;
}

/** The story of one model, in the order in which it happens. */
export interface Lifecycle {
  title: string;
  subtitle: string;
  events: LifecycleEvent[];
}

export const statusRequest = new RequestType<{ textDocument: TextDocumentIdentifier }, Status, void>(
  "kerasast/status",
);
export const rulesRequest = new RequestType<object, Rule[], void>("kerasast/rules");
export const ruleRequest = new RequestType<{ name: string }, RuleDocument | null, void>("kerasast/rule");
export const lifecycleRequest = new RequestType<TextDocumentPositionParams, Lifecycle | null, void>(
  "kerasast/lifecycle",
);
