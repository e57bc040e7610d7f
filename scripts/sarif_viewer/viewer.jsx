// Microsoft's viewer with the log that the page was given.
import React from "react";
import ReactDOM from "react-dom";
import { Viewer } from "@microsoft/sarif-web-component";

ReactDOM.render(<Viewer logs={[window.LOG]} />, document.getElementById("app"));
