import { base } from "./base.js";
import { calls } from "./calls.js";
import { lists } from "./lists.js";
import { tokens } from "./tokens.js";

/** Of the panel. */
export const styles = [tokens, base, calls, lists];
