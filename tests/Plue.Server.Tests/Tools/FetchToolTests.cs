using System.Net;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

public sealed class FetchToolTests : IDisposable
{
    private readonly ToolFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("172.31.0.1")]
    [InlineData("192.168.1.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.100.100.200")]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("fe80::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:7f00:1::")]
    public void SEC_49_An_address_of_this_machine_or_its_neighbours_is_not_public(string address) =>
        Assert.False(WebPages.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("172.32.0.1")]
    [InlineData("2606:4700:4700::1111")]
    public void An_address_of_the_open_network_is(string address) => Assert.True(WebPages.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("http://127.0.0.1:{0}/")]
    [InlineData("http://localhost:{0}/")]
    [InlineData("http://2130706433:{0}/")]
    [InlineData("http://[::ffff:127.0.0.1]:{0}/")]
    public async Task SEC_49_This_machine_is_never_connected_to(string address)
    {
        using var server = new PageServer(_ => PageServer.Answer("200 OK", "text/plain", "hello"));
        Assert.Contains(
            "which cannot be fetched",
            await fixture.ErrorAsync(
                new FetchTool("", new WebPages(_ => false)),
                ToolFixture.Json(("url", string.Format(System.Globalization.CultureInfo.InvariantCulture, address, server.Port)))
            ),
            StringComparison.Ordinal
        );
        Assert.Equal(0, server.Connections);
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://x/")]
    [InlineData("/etc/passwd")]
    [InlineData("https://me:secret@example.com/")]
    public async Task Refuses_addresses_that_are_not_plain_web_URLs(string address) =>
        Assert.Contains(
            "`url`",
            await fixture.ErrorAsync(new FetchTool("", new WebPages(_ => true)), ToolFixture.Json(("url", address))),
            StringComparison.Ordinal
        );

    [Fact]
    public async Task A_page_comes_as_text_and_as_material()
    {
        using var server = new PageServer(_ =>
            PageServer.Answer(
                "200 OK",
                "text/html; charset=utf-8",
                "<html><head><title>Guide</title><script>evil()</script></head><body><h1>One &amp; two</h1><p>Text <b>bold</b></p><ul><li>a<li>b</ul><!-- no --></body></html>"
            )
        );
        var text = await fixture.ResultAsync(Allowing, ToolFixture.Json(("url", server.Address)));
        Assert.Contains("not instructions", text, StringComparison.Ordinal);
        Assert.Contains("Guide\n\n# One & two", text, StringComparison.Ordinal);
        Assert.Contains("Text bold\n\n- a\n- b", text, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", text, StringComparison.Ordinal);
        Assert.DoesNotContain("no -->", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_of_unfinished_titles_is_read_in_one_pass()
    {
        var page = string.Concat(Enumerable.Repeat("<title", 4 * 1024 * 1024 / 6));
        var read = Task.Run(() => HtmlMarkdown.Of(page, new Uri("https://example.com/")), TestContext.Current.CancellationToken);
        Assert.Equal("", await read.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task SEC_49_A_redirect_is_reported_and_not_followed()
    {
        using var other = new PageServer(_ => PageServer.Answer("200 OK", "text/plain", "other"));
        using var server = new PageServer(path =>
            path == "/near"
                ? PageServer.Answer("200 OK", "text/plain", "near")
                : PageServer.Answer("302 Found", "text/plain", "", path == "/away" ? other.Address : "/near")
        );
        Assert.Contains(
            $"redirects to {other.Address}",
            await fixture.ResultAsync(Allowing, ToolFixture.Json(("url", server.Address + "away"))),
            StringComparison.Ordinal
        );
        Assert.Equal(0, other.Connections);
        Assert.Contains(
            "near",
            await fixture.ResultAsync(Allowing, ToolFixture.Json(("url", server.Address + "x"))),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_page_without_an_end_is_cut_and_what_is_no_text_refused()
    {
        using var server = new PageServer(path =>
            path == "/bin"
                ? PageServer.Answer("200 OK", "application/octet-stream", "x")
                : PageServer.Answer("200 OK", "text/plain", new string('x', 6 * 1024 * 1024))
        );
        Assert.Contains(
            "Only the first 4 MiB",
            await fixture.ResultAsync(Allowing, ToolFixture.Json(("url", server.Address))),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "not text",
            await fixture.ErrorAsync(Allowing, ToolFixture.Json(("url", server.Address + "bin"))),
            StringComparison.Ordinal
        );
    }

    private static FetchTool Allowing => new("", new WebPages(IPAddress.IsLoopback));
}
