import { beforeEach, expect, test } from 'vitest';
import { isSelfContained, previewDiagram } from '../../../../extension/src/features/chat/diagram';
import { executed, reset, shown, untitled } from '../../testing/vscode';

beforeEach(reset);

test('A diagram is previewed behind a fence that no line of it ends', async () => {
  await previewDiagram('graph TD\n```\nA-->B');
  expect(untitled).toEqual([{ language: 'markdown', content: '````mermaid\ngraph TD\n```\nA-->B\n````\n' }]);
  expect(executed[0]?.[0]).toBe('markdown.showPreview');
});

test.each([
  'flowchart TD\n  A@{ img: "https://evil.example/a.png" }',
  'flowchart TD\n  A["<img src=\'https://evil.example/a.png\'>"]',
  'flowchart TD\n  A["#lt;img src=x#gt;"]',
  'flowchart TD\n  A["&lt;img src=x&gt;"]',
  'flowchart TD\n  A["`![x](https://evil.example/a.png)`"]',
  'flowchart TD\n  A --> B\n  style A fill:url(https://evil.example/a.svg)',
  'flowchart TD\n  style A fill:\\75rl(//evil.example)',
  '%%{init: {"themeCSS": "@import \'https://evil.example/a.css\'"}}%%\nflowchart TD',
  '---\nconfig:\n  "theme\\u0043SS": x\n---\nflowchart TD',
])('A diagram that would load something is shown as text: %s', async (diagram) => {
  await previewDiagram(diagram);
  expect(untitled[0]?.content).toMatch(/^```text\n/);
  expect(shown[0]?.text).toContain('its source is shown instead');
});

test.each([
  'flowchart LR\n  A[One<br/>two] -->|yes & no| B{{Three}}\n  style A fill:#f9f,stroke:#333;',
  'classDiagram\n  Animal <|-- Duck\n  class Shape {\n    <<interface>>\n    +area() double\n  }',
  'sequenceDiagram\n  Alice->>+John: See https://example.org/a?b=1\n  John-->>-Alice: Great!',
])('An ordinary diagram is drawn: %s', (diagram) => {
  expect(isSelfContained(diagram)).toBe(true);
});
