/** What the status page does beyond being read. Without any of it the page is complete. */
import { showHistory } from "./chart.ts";
import { followStatus } from "./live.ts";

const chart = document.getElementById("chart");
const addToChart = chart === null ? () => {} : showHistory(chart);
followStatus(addToChart);
