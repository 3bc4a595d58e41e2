// Where the nodes of a tree go on a wide page: columns as wide as their labels, one lane under another.
(function (DraftScope) {
  'use strict';

  const { shown } = DraftScope;
  const LANE = 54;
  const TOP = 30;
  const LABEL_LENGTHS = [14, 9, 6];
  const SMALLEST = 0.86; // below this scale the tree scrolls instead

  let measuring = null;

  function textWidth(text) {
    if (!measuring) {
      measuring = document.createElement('canvas').getContext('2d');
      measuring.font = '13px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace';
    }
    return measuring.measureText(text).width;
  }

  /** Column starts and widths for labels of at most `length` characters. */
  function columnsOf(nodes, length) {
    const widths = [];
    for (const node of nodes) {
      const width = Math.max(34, textWidth(shown(node.label, length)) + 18);
      widths[node.depth] = Math.max(widths[node.depth] || 0, width);
    }
    let x = 14;
    const columns = widths.map((width) => {
      const column = { start: x, centre: x + width / 2 };
      x += width;
      return column;
    });
    return { columns, width: x + 6 };
  }

  function place(nodes, room) {
    let found = null;
    for (const length of LABEL_LENGTHS) {
      found = { ...columnsOf(nodes, length), length };
      if (found.width <= room) break;
    }
    found.height = TOP + 34 + LANE * Math.max(...nodes.map((node) => node.lane));
    found.scale = Math.max(SMALLEST, Math.min(1, room / found.width));
    return found;
  }

  function edgePath(node, parent, placed) {
    const { columns } = placed;
    const x = columns[node.depth].centre;
    const y = TOP + LANE * node.lane;
    if (node.lane === parent.lane) return 'M' + columns[parent.depth].centre + ' ' + y + 'H' + x;
    const bend = columns[node.depth].start + 3;
    const elder = parent.children[parent.children.indexOf(node) - 1] || parent;
    const from = TOP + LANE * elder.lane - (elder.lane === parent.lane ? 0 : 8);
    return 'M' + bend + ' ' + from + 'V' + (y - 8) + 'Q' + bend + ' ' + y + ' ' + (bend + 8) + ' ' + y + 'H' + x;
  }

  DraftScope.treeLayout = { textWidth, place, edgePath, LANE, TOP };
})(window.DraftScope = window.DraftScope || {});
