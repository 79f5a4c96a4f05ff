using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

/// <summary>Web pages as Markdown for models.</summary>
public sealed class HtmlMarkdownTests
{
    private static readonly Uri Page = new("https://docs.example.com/guide/start");

    [Fact]
    public void Writes_headings_links_lists_code_and_tables()
    {
        const string Html = """
            <h1>Start</h1>
            <p>Read the <a href="../api?a=1&amp;b=2">API</a>, <a href="#here">this</a> or <a href="javascript:evil()">that</a>,
               and call <code>run()</code>.<br>Then stop.</p>
            <ol><li>One<ul><li>Inner</li></ul></li><li><p>Two</p></li></ol>
            <pre><code class="language-cs">if (a &lt; b)
                return;
            </code></pre>
            <table><thead><tr><th>Key</th><th>Value</th></tr></thead><tr><td>a</td><td><p>1</p></td></tr></table>
            <p>End <img src="x.png" alt="A diagram"></p>
            """;
        Assert.Equal(
            """
            # Start

            Read the [API](https://docs.example.com/api?a=1&b=2), this or that, and call `run()`.
            Then stop.

            1. One
              - Inner
            2. Two

            ```
            if (a < b)
                return;
            ```

            | Key | Value |
            |---|---|
            | a | 1 |

            End (A diagram)
            """,
            HtmlMarkdown.Of(Html, Page)
        );
    }

    [Theory]
    [InlineData("<nav>Menu</nav><main><p>{0}</p></main><footer>Imprint</footer>")]
    [InlineData("<div>Menu</div><article>Menu</article><article><nav>Menu</nav><p>{0}</p></article><aside>Imprint</aside>")]
    [InlineData("<div role='navigation'>Menu</div><div><p>{0}</p></div><aside>Imprint</aside>")]
    [InlineData("<main>Menu</main><article><p>{0}</p></article><footer>Imprint</footer>")]
    public void Leaves_out_what_surrounds_the_main_content(string html)
    {
        var content = string.Join(' ', Enumerable.Repeat("Content of the page.", 20));
        Assert.Equal(
            $"Guide\n\n{content}",
            HtmlMarkdown.Of($"<title>Guide</title>{html.Replace("{0}", content, StringComparison.Ordinal)}", Page)
        );
    }

    [Fact]
    public void A_page_that_is_hardly_more_than_its_navigation_is_written_whole() =>
        Assert.Equal("Menu\n\nShort.", HtmlMarkdown.Of("<nav>Menu</nav><main>Short.</main>", Page));

    [Fact]
    public void Hidden_elements_are_omitted_with_their_brackets() =>
        Assert.Equal(
            "Before a > b, 1 < 2 after",
            HtmlMarkdown.Of(
                """Before <script>if (a < b) write("<nav>")</script><span hidden>evil</span><a aria-hidden="true" href="#x">¶</a><i title="a > b">a > b</i>, 1 < 2 <!-- <main> -->after""",
                Page
            )
        );

    [Theory]
    [InlineData("<article>")]
    [InlineData("<nav>")]
    [InlineData("<a href='x'>y")]
    [InlineData("<a href=\"")]
    [InlineData("<ul><li>")]
    [InlineData("<table><tr><td>")]
    [InlineData("<span hidden>")]
    [InlineData("<pre>x</pre>")]
    [InlineData("<!--")]
    [InlineData("<script>")]
    [InlineData("<p \"'>")]
    public async Task A_huge_page_of_one_element_is_read_in_one_pass(string element)
    {
        var html = string.Concat(Enumerable.Repeat(element, 4 * 1024 * 1024 / element.Length));
        var read = Task.Run(() => HtmlMarkdown.Of(html, Page), TestContext.Current.CancellationToken);
        await read.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }
}
