// SPDX-License-Identifier: Apache-2.0

/// How the page looks: light or dark as the reader has it, one column on a phone, runs side by side where
/// there is room. Text has a contrast of at least 4.5 to what is behind it.
let reportStyle: HTML = """
  :root { color-scheme: light dark; --page: #f4f5f7; --card: #fff; --text: #1a1c20; --quiet: #555b66;
    --edge: #d5d9e0; --line: #1d5fc4; --band: #1d5fc433; --old: #8a93a3; --new: #1d5fc4; --good: #0a6b3d;
    --bad: #b3261e; --alarm: #fdeceb; --mark: #a04400; --opacity: .6 }
  @media (prefers-color-scheme: dark) {
    :root { --page: #101216; --card: #191c22; --text: #e8eaee; --quiet: #a5acb8; --edge: #363c47;
      --line: #7fb0ff; --band: #7fb0ff40; --old: #7c8594; --new: #7fb0ff; --good: #6fdc9f; --bad: #ff9b90;
      --alarm: #3a1d1b; --mark: #ffb366 } }
  * { box-sizing: border-box }
  body { margin: 0; background: var(--page); color: var(--text);
    font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }
  header, footer { padding: 1rem max(1rem, 3vw) }
  h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.25rem; margin: 0; overflow-wrap: anywhere }
  h3 { font-size: 1.05rem; margin: 2rem 0 .6rem; padding-top: .8rem; border-top: 1px solid var(--edge) }
  main { display: grid; gap: 1rem; padding: 0 max(1rem, 3vw);
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); align-items: start }
  main.one article { width: 100%; max-width: 76rem; margin: 0 auto }
  article { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 1rem;
    min-width: 0 }
  a { color: var(--line) }
  .note { color: var(--quiet); margin: .4rem 0; font-size: .9rem; overflow-wrap: anywhere }
  .alarm { background: var(--alarm); border-left: 4px solid var(--bad); padding: .6rem .8rem }
  .headline { font-size: 1.6rem; margin: .8rem 0 0 } .headline strong { font-size: 2.2rem }
  .headline .what { color: var(--quiet); font-size: 1rem }
  .change { white-space: nowrap } .good { color: var(--good) } .bad { color: var(--bad) }
  .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  :focus-visible { outline: 3px solid var(--mark); outline-offset: 2px }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums }
  caption { text-align: left; color: var(--quiet); font-size: .9rem; padding: .3rem 0 }
  th, td { padding: .2rem .6rem .2rem 0; text-align: right; vertical-align: middle }
  th[scope=row], th:first-child { text-align: left; font-weight: normal }
  thead th { font-weight: 600; color: var(--quiet) }
  tbody tr { border-top: 1px solid var(--edge) }
  .scroll { overflow-x: auto; max-width: 100% }
  .bars { width: 100%; margin-top: 1rem } .bars .wide { width: 45%; min-width: 5rem }
  .bars th, .bars td { white-space: nowrap }
  .bar { display: block; height: 7px; min-width: 1px; border-radius: 2px; margin: 2px 0 }
  .bar.old { background: var(--old) } .bar.new { background: var(--new) }
  .swatch { display: inline-block; width: .9em; height: .9em; margin-right: .4em; border: 1px solid var(--quiet);
    border-radius: 2px; vertical-align: -1px }
  .legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem .9rem; padding: 0; font-size: .9rem }
  .charts { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)) }
  figure { margin: 0; min-width: 0 } figcaption { font-size: .9rem; overflow-wrap: anywhere }
  svg { width: 100%; height: auto; display: block } svg text { font-size: 12px; fill: var(--quiet) }
  .grid { stroke: var(--edge) } .line { fill: none; stroke: var(--line); stroke-width: 2 }
  .band { fill: var(--band) } .dot { fill: var(--line) } .mark { stroke: var(--mark); stroke-width: 2;
    stroke-dasharray: 5 4 } svg text.marked { fill: var(--mark) } .area { stroke: var(--card); stroke-width: .5 }
  .tools { display: flex; flex-wrap: wrap; gap: .3rem 1rem; align-items: center }
  input[type=range] { width: 100%; min-height: 2rem; margin: 0; accent-color: var(--new) }
  .tools input { max-width: 18rem }
  .gallery { display: grid; gap: 1.5rem 1rem;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)) }
  .rank { border: 1px solid var(--edge); border-radius: 1em; padding: 0 .5em }
  .stack { --x: 50%; position: relative; overflow: hidden; border-radius: 6px; cursor: ew-resize;
    touch-action: pan-y; user-select: none }
  .stack img { width: 100%; height: auto; display: block }
  .stack .layer { position: absolute; inset: 0; height: 100%; opacity: var(--opacity);
    image-rendering: pixelated }
  .layer.before { clip-path: inset(0 calc(100% - var(--x)) 0 0) }
  .layer.after { clip-path: inset(0 0 0 var(--x)) }
  .seam { position: absolute; top: 0; bottom: 0; left: var(--x); width: 2px; margin-left: -1px;
    background: #fff; box-shadow: 0 0 3px #000 }
  .tag { position: absolute; bottom: 6px; padding: 0 .5em; background: #000c; color: #fff; border-radius: 4px;
    font-size: .8rem } .tag.left { left: 6px } .tag.right { right: 6px }
  .maps { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)) }
  .maps img { width: 100%; height: auto; display: block; border-radius: 4px }
  .maps figcaption { font-size: .85rem; color: var(--quiet) }
  .ramp { display: inline-block; width: 3.5em; height: .7em; border: 1px solid var(--quiet) }
  .confusion td { text-align: center; padding: .15rem .25rem; min-width: 2rem; font-size: .85rem }
  .confusion th { font-size: .85rem } .confusion .slanted { vertical-align: bottom; padding: .2rem .1rem }
  .slanted span { writing-mode: vertical-rl; transform: rotate(180deg) }
  .facts { width: 100%; table-layout: fixed } .facts th { width: 36%; color: var(--quiet) }
  .facts th, .facts td { text-align: left; vertical-align: top; overflow-wrap: anywhere }
  summary { cursor: pointer; padding: .4rem 0 }
  .compared th:first-child { position: sticky; left: 0; background: var(--page) }
  @media (max-width: 30rem) { article { padding: .7rem } th, td { padding-right: .4rem } body { font-size: 14px }
    .bars .wide { width: 22%; min-width: 2.5rem } }
  @media print { .slider, .tools { display: none } article { break-inside: avoid-page } }
  """
