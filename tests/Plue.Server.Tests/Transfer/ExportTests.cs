using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using FsCheck;
using FsCheck.Fluent;
using Markdig;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Tests.Testing;
using Plue.Server.Transfer;

namespace Plue.Server.Tests.Transfer;

public sealed class ExportTests : IDisposable
{
    private const string Secret = "sk-live-0123456789-very-secret";
    private static readonly byte[] Png = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3];
    private static readonly string[] Hostile =
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<iframe src=\"http://evil.example\"></iframe>",
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](java\tscript:alert(1))",
        "[a]( javascript:alert(1))",
        "[a](data:text/html,<script>alert(1)</script>)",
        "[a](vbscript:x)",
        "[a](file:///etc/passwd)",
        "[a](//evil.example/x)",
        "[a](/etc/passwd)",
        "![a](http://evil.example/pixel.png)",
        "![a](data:image/svg+xml,<svg onload=alert(1)>)",
        "[![a](http://evil.example/p.png)](http://evil.example)",
        "<javascript:alert(1)>",
        "<http://fine.example>",
        "<a@b.example>",
        "[a]: javascript:alert(1)\n\n[a]",
        "[a](http://x.example \"\\\" onmouseover=alert(1)\")",
        "```\"onload=alert(1)\n</code></pre><script>\n```",
        "``` x\" onclick=\"alert(1)\ncode\n```",
        "<style>@import 'http://evil.example'</style>",
        "<svg><script>alert(1)</script></svg>",
        "a {onclick=alert(1)}",
        "[a](http://x.example){onclick=alert(1)}",
        "<base href=\"http://evil.example\">",
        "<meta http-equiv=refresh content=\"0;url=http://evil.example\">",
        "<link rel=stylesheet href=http://evil.example>",
        "&lt;script&gt;",
        "&#106;avascript:alert(1)",
        "[a](&#106;avascript:alert(1))",
        "| a |\n|:-:|\n| <script>x</script> |",
        "</title></style></pre></details></main><script>alert(1)</script>",
        "<!-- --><script>x</script>",
        "<![CDATA[<script>]]>",
        "\"><script>x</script>",
        "' onmouseover='alert(1)",
        "\u2028<script>",
        "[a](http://[::1)",
        "[a](https:evil)",
        "<form action=http://evil.example><button>x</button></form>",
        "- [ ] task",
        "~~x~~ ^a^ ~b~ ==c== ++d++",
    ];

    /// <summary>Texts that would end their code block, quote or collapsed section, directly or through following text.</summary>
    private static readonly string[] Breakouts =
    [
        "```\n<img src=https://evil.example/a.png>",
        "```\n![a](https://evil.example/a.png)\n```",
        "- x",
        "    ![a](https://evil.example/a.png)",
        "   ```\n![a](https://evil.example/a.png)\n   ```",
        "1. x",
        "\\![a](https://evil.example/a.png)",
        "\\\\![a](https://evil.example/a.png)",
        "![a][b]\n\n[b]: https://evil.example/a.png",
        "![b]",
        "~~~ `\n```\n~~~\n<img src=x>",
        "> ```\n<img src=x>",
        "<a title=\"`\">` <img src=x> `",
        "<http://x.example/`> ` <img src=x> `",
        "a\r<img src=x>",
        "| ` | ` ` <img src=x> ` |\n|---|---|",
        "`a\n<img src=x>`",
        "</summary></details><img src=x>",
        "<!--\n",
        "<![CDATA[",
        "<?php",
        "<pre>\n```\n</pre>\n<img src=x>",
        "![a\n](https://evil.example/a.png)",
    ];

    private readonly TransferFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task Markdown_reads_like_the_chat()
    {
        var at = new DateTimeOffset(2026, 3, 4, 5, 6, 0, TimeSpan.Zero);
        var question = TransferFixture.Question(
            new MessagePart.Text("Why?"),
            new MessagePart.File("src/a.cs", "var a = \"```\";", null, "csharp")
        ) with
        {
            CreatedAt = at,
        };
        var answer = TransferFixture.Answer(
            new MessagePart.Reasoning("Hm.\nWell. </details>"),
            new MessagePart.ToolUse("t1", "read<x>", """{"path":"a"}"""),
            new MessagePart.ToolResult("t1", "42", null),
            new MessagePart.Text("Because.")
        ) with
        {
            CreatedAt = at,
            Status = MessageStatus.Stopped,
        };
        var chat = await fixture.ChatAsync(
            "Title",
            question,
            answer,
            TransferFixture.Answer(new MessagePart.Text("Other")) with
            {
                ParentId = question.Id,
                CreatedAt = at,
            }
        );
        await using (var journal = await fixture.Chats.OpenAsync(chat.Id, CancellationToken.None))
        {
            await journal.SwitchAsync(answer.Id, CancellationToken.None);
        }

        var text = fixture.Export.Make(fixture.Chats.Read(chat.Id), ChatFileFormat.Markdown);
        Assert.Equal("Title.md", text.FileName);
        Assert.EndsWith("there is 1 other.*", text.Content.Split('\n')[2]);
        Assert.Equal(
            """
            ## You · 2026-03-04 05:06 UTC

            Why?

            `src/a.cs`

            ````csharp
            var a = "```";
            ````

            ## claude-test · 2026-03-04 05:06 UTC

            <details><summary>Thinking</summary>

            > Hm.
            > Well. &lt;/details>

            </details>

            <details><summary>Tool call: read&lt;x&gt;</summary>

            ```json
            {"path":"a"}
            ```

            </details>

            <details><summary>Tool result</summary>

            ```
            42
            ```

            </details>

            Because.

            > Stopped.

            """.ReplaceLineEndings("\n"),
            string.Join('\n', text.Content.Split('\n')[4..])
        );
    }

    [Fact]
    public async Task No_export_contains_a_stored_key_in_any_part()
    {
        fixture.Redactor.Register(Secret);
        var kept = fixture.Blobs.Put(Encoding.UTF8.GetBytes($"long {Secret} file"));
        var chat = await fixture.ChatAsync(
            $"About {Secret}",
            TransferFixture.Question(
                new MessagePart.Text($"a {Secret}"),
                new MessagePart.File($"{Secret}.txt", $"in {Secret}"),
                new MessagePart.File("long.txt", null, kept)
            ),
            TransferFixture.Answer(
                new MessagePart.Reasoning($"r {Secret}", $"s{Secret}", $"o{Secret}"),
                new MessagePart.ToolUse(Secret, Secret, $$"""{"k":"{{Secret}}"}"""),
                new MessagePart.ToolResult(Secret, $"x {Secret}", null),
                new MessagePart.ToolResult("2", null, $"e {Secret}")
            ) with
            {
                Status = MessageStatus.Failed,
                Error = new Failure(FailureKind.Internal, $"failed {Secret}"),
                ProviderInfo = new ProviderInfo("p", $"m-{Secret}", $"r-{Secret}", $"because {Secret}"),
                Omitted = [$"not {Secret}"],
            }
        );
        await using (var journal = await fixture.Chats.OpenAsync(chat.Id, CancellationToken.None))
        {
            await journal.UpdateAsync(new() { Tags = [Secret] }, CancellationToken.None);
        }

        foreach (var format in Enum.GetValues<ChatFileFormat>())
        {
            var made = fixture.Export.Make(fixture.Chats.Read(chat.Id), format);
            Assert.DoesNotContain(Secret, made.Content + made.FileName);
            Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes($"long {Secret} file")), made.Content);
            Assert.Contains("***", made.Content);
        }
    }

    [Fact]
    public async Task Preview_of_exported_Markdown_loads_and_runs_nothing()
    {
        await CheckMarkdownAsync(Hostile);
        await CheckMarkdownAsync(Breakouts);
        foreach (
            var texts in Gen.Sample(
                Gen.NonEmptyListOf(
                    Gen.OneOf(
                        TransferFixture.Texts,
                        Gen.NonEmptyListOf(Gen.Elements([.. Hostile, .. Breakouts, "`", "``", "|", "$", "\n", "```\n", "- ", "    "]))
                            .Select(some => string.Concat(some))
                    )
                ),
                12,
                60
            )
        )
        {
            await CheckMarkdownAsync([.. texts]);
        }
    }

    [Theory]
    [InlineData("```cs\nvar a = new List<int>(); // ![x](y)\n```")]
    [InlineData("1. One\n\n   ```html\n   <img src=x>\n   ```\n2. Two")]
    [InlineData("Use `List<int>` and `![alt](src)` with a < b && c > d.")]
    [InlineData("| a | b |\n|---|---|\n| `x` | *y* |\n\n> A [link](https://fine.example/a?b=1).")]
    [InlineData("The sum is $a + b$, and\n\n$$\nx^2\n$$\n\n~~~\ncode\n~~~")]
    public void Ordinary_Markdown_is_exported_as_it_is(string markdown) =>
        Assert.Equal(markdown.Replace("```html", "```text", StringComparison.Ordinal), InertMarkdown.Blocks(markdown));

    [Theory]
    [InlineData("` | ` ` ![x](y) `", "` | ` ` &#33;[x](y) `")] // a table cuts the first code span
    [InlineData("`a\n| ` ` ![x](y) `", "`a\n| ` ` &#33;[x](y) `")]
    [InlineData("$`$ ` ` ![x](y) `", "&#36;`$ ` ` ![x](y) `")] // a formula hides the first backtick
    [InlineData("$$\n```\n$$\n![x](y)\n```", "&#36;&#36;\n```\n$$\n![x](y)\n```")]
    [InlineData("[a]: javascript:x\n\n[a]", "&#91;a]: javascript:x\n\n&#91;a]")]
    public void Ambiguous_code_loads_nothing_in_any_preview(string markdown, string expected) =>
        Assert.Equal(expected, InertMarkdown.Blocks(markdown));

    [Fact]
    public void A_bracket_after_a_bare_address_stays_text() =>
        Assert.Equal("https://a.example/x.png&lt;img src=x&gt;", InertMarkdown.Line("https://a.example/x.png<img src=x>"));

    [Fact]
    public void Diagrams_in_an_export_are_shown_as_text()
    {
        Assert.StartsWith("```text\n", InertMarkdown.Blocks("```mermaid\nA@{ img: \"https://evil.example/a.png\" }\n```"));
        Assert.StartsWith("```text\n", InertMarkdown.Blocks("```&#109;ermaid\nx\n```"));
        Assert.StartsWith("```text\n", InertMarkdown.Fenced("x", "mermaid"));
    }

    [Fact]
    public async Task Html_never_has_anything_that_runs_or_is_fetched()
    {
        await CheckAsync(Hostile);
        foreach (
            var texts in Gen.Sample(
                Gen.NonEmptyListOf(
                    Gen.OneOf(TransferFixture.Texts, Gen.NonEmptyListOf(Gen.Elements(Hostile)).Select(some => string.Concat(some)))
                ),
                12,
                30
            )
        )
        {
            await CheckAsync([.. texts]);
        }
    }

    [Fact]
    public async Task Html_shows_text_links_tables_and_pictures()
    {
        var picture = fixture.Blobs.Put(Png);
        var chat = await fixture.ChatAsync(
            "Shown",
            TransferFixture.Question(
                new MessagePart.Text("See **this** [page](https://fine.example/a?b=1&c=2)."),
                new MessagePart.File("x.png", null, picture) { MediaType = "image/png" }
            ),
            TransferFixture.Answer(new MessagePart.Text("| a | b |\n|---|---|\n| 1 | <b> |"))
        );
        var html = Scan(fixture.Export.Make(chat, ChatFileFormat.Html).Content);
        Assert.Equal("https://fine.example/a?b=1&c=2", html.QuerySelector("a")?.GetAttribute("href"));
        Assert.Equal("noopener noreferrer nofollow", html.QuerySelector("a")?.GetAttribute("rel"));
        Assert.Equal("this", html.QuerySelector("strong")?.TextContent);
        Assert.Equal("<b>", html.QuerySelectorAll("td")[1].TextContent);
        Assert.Equal($"data:image/png;base64,{Convert.ToBase64String(Png)}", html.QuerySelector("img")?.GetAttribute("src"));
    }

    [Fact]
    public async Task Text_nested_beyond_reason_is_shown_as_it_is()
    {
        var chat = await fixture.ChatAsync(
            "Deep",
            TransferFixture.Question(new MessagePart.Text(new string('>', 20_000) + "x")),
            TransferFixture.Answer(new MessagePart.Text(new string('[', 5_000)))
        );
        Scan(fixture.Export.Make(chat, ChatFileFormat.Html).Content);
    }

    [Fact]
    public void A_file_name_is_safe_on_every_system()
    {
        Prop.ForAll(
                Gen.OneOf(
                        TransferFixture.Texts,
                        Gen.Elements(
                            "../../etc/passwd",
                            "CON",
                            "con.txt",
                            "a/b\\c",
                            "nul ",
                            "..",
                            "....",
                            "x\u202Efdp.exe",
                            string.Concat(Enumerable.Repeat("🙂", 200)),
                            "aux.tar.gz"
                        )
                    )
                    .ToArbitrary(),
                title =>
                {
                    var name = ExportName.Of(title, ".md");
                    Assert.EndsWith(".md", name);
                    Assert.Equal(name, Path.GetFileName(name));
                    Assert.True(name.IndexOfAny(['<', '>', ':', '"', '/', '\\', '|', '?', '*', '\u202E', '\0']) < 0, name);
                    Assert.True(name.Length is > 3 and < 100 && !name.StartsWith('.') && !name.Any(char.IsControl), name);
                    Assert.DoesNotContain(name.Split('.')[0].TrimEnd().ToUpperInvariant(), new[] { "CON", "AUX", "NUL", "PRN" });
                    Assert.Equal(name, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name)));
                }
            )
            .QuickCheckThrowOnFailure();
        Assert.Equal("Fix the build - now.html", ExportName.Of("Fix the build / now?", ".html"));
    }

    [Fact]
    public async Task A_window_exports_to_a_file_or_gets_the_text()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var id = await new Store.StoreFixture(sidecar.Home).NewChatAsync("Hello", "World");
        var path = Path.Combine(fixture.Outside, "out.html");
        var written = await sidecar.Client.ResultAsync(
            "codex/export",
            new
            {
                uri = $"codex://chats/{id}",
                format = "html",
                path,
            }
        );
        Assert.Equal("""{"fileName":"A title.html"}""", written?.ToJsonString());
        Assert.Contains("World", File.ReadAllText(path));
        Assert.Equal(["out.html"], Directory.EnumerateFileSystemEntries(fixture.Outside).Select(Path.GetFileName));
        var returned = await sidecar.Client.ResultAsync("codex/export", new { uri = $"codex://chats/{id}", format = "markdown" });
        Assert.StartsWith("# A title", (string?)returned?["content"]);
        Assert.Contains(
            "absolute path",
            (
                await sidecar.Client.RequestAsync(
                    "codex/export",
                    new
                    {
                        uri = $"codex://chats/{id}",
                        format = "json",
                        path = "relative.json",
                    }
                )
            )["error"]!.ToJsonString()
        );
    }

    private async Task CheckMarkdownAsync(IReadOnlyList<string> texts)
    {
        var markdown = fixture.Export.Make(await HostileChatAsync(texts), ChatFileFormat.Markdown).Content;
        foreach (
            var pipeline in new[]
            {
                new MarkdownPipelineBuilder().Build(),
                new MarkdownPipelineBuilder()
                    .UsePipeTables()
                    .UseMathematics()
                    .UseEmphasisExtras()
                    .UseAutoLinks()
                    .UseFootnotes()
                    .UseTaskLists()
                    .Build(),
            }
        )
        {
            var elements = new HtmlParser().ParseDocument(Markdown.ToHtml(markdown, pipeline)).Body!.QuerySelectorAll("*");
            AssertNone(
                elements
                    .Where(element =>
                        element.LocalName
                            is "img"
                                or "script"
                                or "style"
                                or "link"
                                or "iframe"
                                or "svg"
                                or "object"
                                or "embed"
                                or "base"
                                or "meta"
                                or "form"
                                or "video"
                                or "audio"
                        || element.HasAttribute("src")
                        || element.Attributes.Any(attribute => attribute.Name.StartsWith("on", StringComparison.Ordinal))
                    )
                    .Select(element => $"{element.OuterHtml}\n in {markdown}")
            );
            AssertNone(
                elements
                    .Where(element => element.GetAttribute("href") is { } href && !Regex.IsMatch(href, "^(https?:|mailto:|#)"))
                    .Select(element => $"{element.OuterHtml}\n in {markdown}")
            );
        }
    }

    /// <summary>Reports all findings, because the input is random.</summary>
    private static void AssertNone(IEnumerable<string> found) => Assert.True(!found.Any(), string.Join('\n', found));

    private async Task CheckAsync(IReadOnlyList<string> texts) =>
        Scan(fixture.Export.Make(await HostileChatAsync(texts), ChatFileFormat.Html).Content);

    /// <summary>Creates a chat with these texts in every text field.</summary>
    private async Task<StoredChat> HostileChatAsync(IReadOnlyList<string> texts)
    {
        var parts = texts
            .SelectMany(text =>
                new MessagePart[]
                {
                    new MessagePart.Text(text),
                    new MessagePart.Reasoning(text),
                    new MessagePart.File(text, text, null, text),
                    new MessagePart.ToolUse(text, text, text),
                    new MessagePart.ToolResult(text, text, null),
                    new MessagePart.ToolResult(text, null, text),
                    new MessagePart.File(text, null, null) { MediaType = "image/svg+xml" },
                }
            )
            .ToArray();
        return await fixture.ChatAsync(
            string.Concat(texts),
            TransferFixture.Question(parts),
            TransferFixture.Answer(parts) with
            {
                ProviderInfo = new ProviderInfo(texts[0], texts[^1]),
                Status = MessageStatus.Failed,
                Error = new Failure(FailureKind.Internal, string.Concat(texts)),
            }
        );
    }

    /// <summary>Allows only visible elements and inert attributes, and requires a content security policy.</summary>
    private static IDocument Scan(string html)
    {
        var document = new HtmlParser().ParseDocument(html);
        string[] shows =
        [
            "html",
            "head",
            "body",
            "meta",
            "title",
            "style",
            "header",
            "main",
            "section",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "p",
            "time",
            "pre",
            "code",
            "details",
            "summary",
            "figure",
            "figcaption",
            "img",
            "a",
            "em",
            "strong",
            "ul",
            "ol",
            "li",
            "blockquote",
            "br",
            "hr",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "del",
            "sub",
            "sup",
            "mark",
            "ins",
        ];
        foreach (var element in document.All)
        {
            Assert.Contains(element.LocalName, shows);
            foreach (var attribute in element.Attributes)
            {
                switch (attribute.Name)
                {
                    case "href":
                        Assert.Matches("^(https?|mailto):", attribute.Value);
                        Assert.Contains("noopener", element.GetAttribute("rel"));
                        break;
                    case "src":
                        Assert.Matches("^data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*$", attribute.Value);
                        break;
                    default:
                        Assert.Contains(
                            attribute.Name,
                            new[] { "lang", "charset", "http-equiv", "content", "name", "class", "alt", "rel", "title", "start", "type" }
                        );
                        break;
                }
            }
        }

        Assert.Equal(4, document.QuerySelectorAll("meta").Length);
        var style = Assert.Single(document.QuerySelectorAll("style")).TextContent;
        var policy = Assert.Single(document.QuerySelectorAll("meta[http-equiv]")).GetAttribute("content");
        Assert.Equal(
            $"default-src 'none'; img-src data:; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)))}'; form-action 'none'; base-uri 'none'",
            policy
        );
        Assert.DoesNotContain("url(", style);
        return document;
    }
}
