/** What the page's sources say, by their syntax: messages, and texts that are none. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const SOURCES = join(import.meta.dirname, "../../src");
/** The catalogues themselves, and what is generated. */
const OTHERS = /^(messages\/|api\/schema\.d\.ts$)/;
/** Attributes, also of our own components, that somebody reads or hears. */
const READ =
  /^(aria-(label|description|roledescription|valuetext|placeholder)|title|placeholder|label|alt|summary|means)$/;
/** Attributes that only the browser reads. */
const UNREAD =
  /^(class|style|d|id|for|href|src|role|type|key|name|icon|viewBox|transform|list|autocomplete|media|rel|accept|allow|lang|dir|shortcut)$/;
/** They take a message. */
const SAY = new Set(["t", "tx", "message"]);
const LETTER = /\p{L}/u;
/** Two words, or one as a sentence begins. */
const WORDS = /\p{L}[\p{L}'’]*[,;:]? [\p{L}{]\S*|^\p{Lu}\p{Ll}+$/u;

export interface Text {
  file: string;
  line: number;
  text: string;
}

export interface Said {
  /** The texts that are given to `t`, `tx` and `message`. */
  messages: Text[];
  /** Texts that look as if people read them, and that are no message. */
  literal: Text[];
}

/** Everything that the files of the page say. */
export function textsOfThePage(): Said {
  const names = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => /\.tsx?$/.test(name) && !OTHERS.test(name));
  const all = names.map((name) => textsOf(name, readFileSync(join(SOURCES, name), "utf8")));
  return {
    messages: all.flatMap(({ messages }) => messages),
    literal: all.flatMap(({ literal }) => literal),
  };
}

/** What one file says. */
export function textsOf(file: string, source: string): Said {
  const kind = file.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true, kind);
  const said: Said = { messages: [], literal: [] };
  const note = (into: Text[], node: ts.Node, text: string) =>
    into.push({ file, line: tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1, text });
  const visit = (node: ts.Node): void => {
    if (isType(node)) return;
    if (isCode(node)) return;
    if (ts.isJsxText(node) && LETTER.test(node.text)) note(said.literal, node, node.text.trim());
    const text = literalOf(node);
    if (text !== null) {
      if (isMessage(node)) note(said.messages, node, text);
      else if (LETTER.test(text) && looksRead(node, text)) note(said.literal, node, text);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return said;
}

const isType = (node: ts.Node): boolean =>
  ts.isTypeNode(node) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isImportDeclaration(node);

/** What is typed on a keyboard or a command line is the same in every language. */
const isCode = (node: ts.Node): boolean =>
  ts.isJsxElement(node) && /^(code|kbd)$/.test(node.openingElement.tagName.getText());

/** A text as it is written; what is filled into it as `{}`. */
function literalOf(node: ts.Node): string | null {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return null;
  return node.head.text + node.templateSpans.map(({ literal }) => `{}${literal.text}`).join("");
}

/** Whether it is what is said, or one of two of which one is. */
function isMessage(node: ts.Node): boolean {
  let child = node;
  let { parent } = node;
  while (ts.isConditionalExpression(parent) && parent.condition !== child)
    [child, parent] = [parent, parent.parent];
  return (
    ts.isCallExpression(parent) &&
    parent.arguments[0] === child &&
    ts.isIdentifier(parent.expression) &&
    SAY.has(parent.expression.text)
  );
}

/** Whether people read it: by its place, or else by its look. */
function looksRead(node: ts.Node, text: string): boolean {
  const parent = outerOf(node);
  if (ts.isPropertyAssignment(parent) && parent.name === node) return false;
  if (ts.isJsxAttribute(parent)) {
    const name = parent.name.getText();
    if (UNREAD.test(name)) return false;
    if (READ.test(name)) return LETTER.test(text.replaceAll("{}", ""));
  }
  const words = text.replaceAll("{}", "").trim();
  if (ts.isJsxElement(parent) || ts.isJsxFragment(parent)) return LETTER.test(words);
  const isRead = !isCompared(parent) && !isSelector(parent);
  return isRead && /\p{L}{3}/u.test(text) && (WORDS.test(text) || WORDS.test(words));
}

/** What something is compared with is its name. */
const isCompared = (parent: ts.Node): boolean =>
  ts.isCaseClause(parent) ||
  (ts.isBinaryExpression(parent) && /^[!=]==$/.test(parent.operatorToken.getText()));

const isSelector = (parent: ts.Node): boolean =>
  ts.isCallExpression(parent) &&
  /\.(querySelector(All)?|matches|closest|includes)$/.test(parent.expression.getText());

/** Where a text ends up: past brackets, choices and `||`. */
function outerOf(node: ts.Node): ts.Node {
  let child = node;
  let { parent } = node;
  for (;;) {
    const passes =
      ts.isParenthesizedExpression(parent) ||
      ts.isJsxExpression(parent) ||
      (ts.isConditionalExpression(parent) && parent.condition !== child) ||
      (ts.isBinaryExpression(parent) &&
        (/^(\?\?|\|\||\+)$/.test(parent.operatorToken.getText()) ||
          (parent.operatorToken.getText() === "&&" && parent.right === child)));
    if (!passes) return parent;
    [child, parent] = [parent, parent.parent];
  }
}
