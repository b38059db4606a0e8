import { start } from "./panel/app.js";

start();
