import { JackfieldPanel } from "./element.js";
import { Timer } from "./timer.js";

// A page may load the script twice.
if (!customElements.get("jackfield-timer")) customElements.define("jackfield-timer", Timer);
if (!customElements.get("jackfield-panel")) customElements.define("jackfield-panel", JackfieldPanel);
