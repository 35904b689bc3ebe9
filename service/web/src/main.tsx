import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { start } from "./app/start";
import { startTheme } from "./app/theme";
import { Embed } from "./embed/Embed";
import "./style/index.css";

const isEmbedded = location.pathname.endsWith("/embed");
startTheme();
if (!isEmbedded) start();
const page = document.getElementById("page");
if (page) createRoot(page).render(<StrictMode>{isEmbedded ? <Embed /> : <App />}</StrictMode>);
