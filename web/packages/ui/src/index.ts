/** What the shell and the fragments share: tokens and styles, components, formats, the page's rhythm, the SDK's Svelte binding. */
import './css/tokens.css';
import './css/base.css';
import './css/ui.css';
import './css/table.css';
import 'uplot/dist/uPlot.min.css';

export { default as Bars } from './components/Bars.svelte';
export { default as Chip } from './components/Chip.svelte';
export { default as Columns } from './components/Columns.svelte';
export { default as DataTable } from './components/DataTable.svelte';
export { default as Export } from './components/Export.svelte';
export { default as Figure } from './components/Figure.svelte';
export { default as Panel } from './components/Panel.svelte';
export { default as Segmented } from './components/Segmented.svelte';
export { default as Standing } from './components/Standing.svelte';
export { default as TimeChart } from './components/TimeChart.svelte';
export { Cues, type Cue } from './cues.js';
export { explainer } from './explainer.js';
export { formatsFor, none, type Formats } from './format.js';
export { svelteFragment } from './fragment.svelte.js';
export { Live, useLive, type Query } from './live.svelte.js';
export { defineMessages } from './messages.js';
export { Ranked } from './ranked.svelte.js';
export { groupBy, number, sum, text } from './rows.js';
export { Scheduler, scheduler } from './scheduler.js';
export type { Column } from './table.js';
export { columnsFor } from './columns.js';
export { currenciesOf, moneyFigure, type MoneyFigure } from './currencies.js';
