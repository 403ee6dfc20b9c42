import { Admin } from "../admin.js";

customElements.define("jackfield-admin", Admin);
