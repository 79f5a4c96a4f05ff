using Plue.Server.Json5;
using Plue.Server.Tools.Mcp.Import;

namespace Plue.Server.Tests.Tools.Mcp.Import;

public class TomlReaderTests
{
    [Fact]
    public void Reads_tables_lists_and_every_kind_of_text()
    {
        var root = TomlReader
            .Read(
                """"
                # A comment
                model = "gpt"
                a.b."c d" = 'C:\no\escapes' # Another
                many = [ "one", # first
                  "two", ]
                inline = { x = 1, y.z = true }
                long = """
                first \
                   line "quoted"
                second"""
                escapes = "tab\tquote\"\u00e9"
                when = 1979-05-27T07:32:00Z
                big = 1_000

                [mcp_servers.docs]
                command = "npx"
                args = ["-y", "docs"]
                [mcp_servers.docs.env]
                KEY = "value"
                [[products]]
                name = "first"
                [[products]]
                name = "second"
                """"
            )
            .Root!;
        Assert.Equal(@"C:\no\escapes", root.GetObject("a")!.GetObject("b")!.GetString("c d"));
        Assert.Equal(["one", "two"], root.GetStrings("many"));
        Assert.Equal(1, root.GetObject("inline")!.GetInteger("x"));
        Assert.True(root.GetObject("inline")!.GetObject("y")!.GetBoolean("z"));
        Assert.Equal("first line \"quoted\"\nsecond", root.GetString("long")!.ReplaceLineEndings("\n"));
        Assert.Equal("tab\tquote\"é", root.GetString("escapes"));
        Assert.Equal("1979-05-27T07:32:00Z", root.GetString("when"));
        Assert.Equal(1000, root.GetInteger("big"));
        var docs = root.GetObject("mcp_servers")!.GetObject("docs")!;
        Assert.Equal("npx", docs.GetString("command"));
        Assert.Equal("value", docs.GetStringMap("env")["KEY"]);
        Assert.Equal(["first", "second"], root.GetArray("products")!.Items.Cast<Json5Object>().Select(one => one.GetString("name")));
    }

    [Theory]
    [InlineData("a = 1\nb = ", 2)]
    [InlineData("a = \"open", 1)]
    [InlineData("a = 1 2", 1)]
    [InlineData("[a\nb = 1", 1)]
    [InlineData("a = 1\na = 2", 2)]
    [InlineData("a = 1\na.b = 2", 2)]
    [InlineData("a = [1, 2", 1)]
    [InlineData("= 1", 1)]
    [InlineData("a = \"\\q\"", 1)]
    public void Names_the_line_of_the_first_error(string text, int line) => Assert.Equal(new TomlResult(null, line), TomlReader.Read(text));

    [Fact]
    public void Deep_lists_are_an_error() => Assert.Null(TomlReader.Read($"a = {new string('[', 100_000)}").Root);

    [Theory]
    [InlineData(4)]
    [InlineData(17)]
    public void Every_beginning_of_a_file_is_read_or_refused(int seed)
    {
        const string text = "a = [1, { b = \"\\u00e9\", c = '''x''' }]\n[t.'u v']\nk.l = \"\"\"\\\n y\"\"\" # end\n[[p]]\n";
        var random = new Random(seed);
        for (var i = 0; i < text.Length; i++)
        {
            TomlReader.Read(text[..i]);
            var other = text.ToCharArray();
            other[i] = "[]{}=\"'\\#\n,."[random.Next(12)];
            TomlReader.Read(new string(other));
        }
    }
}
