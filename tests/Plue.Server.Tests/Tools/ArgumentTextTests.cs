using System.Text.Json.Nodes;
using Plue.Server.Platform;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

/// <summary>Arguments that are not a JSON object: parsed if they are unambiguous, otherwise rejected with the schema.</summary>
public sealed class ArgumentTextTests
{
    private const string Schema = """
        {"type":"object","required":["path"],"properties":{"path":{"type":"string"},"all":{"type":"boolean"}}}
        """;

    [Theory]
    [InlineData(""" "{\"path\":\"a\"}" """)] // JSON in a string
    [InlineData(""" "\"{\\\"path\\\":\\\"a\\\"}\"" """)] // twice
    [InlineData("""[{"path":"a"}]""")]
    [InlineData("""{"path":"a",}""")]
    [InlineData("""{'path':'a'}""")]
    [InlineData("""{path:"a"}""")]
    [InlineData("```json\n{\"path\":\"a\"}\n```")]
    [InlineData("```\n{'path': 'a',}\n```\n")]
    [InlineData(""" "a" """)] // the only required parameter is a string
    public void Reads_an_object_in_other_spellings(string text) => Assert.Equal("""{"path":"a"}""", ArgumentText.ToObject(text, Schema));

    [Theory]
    [InlineData("{'path': 'True', 'all': True}", """{"path":"True","all":true}""")]
    [InlineData("{'path': None, 'all': False, 'more': [True, None]}", """{"path":null,"all":false,"more":[true,null]}""")]
    [InlineData("{\"path\":\"a\n\tb\\\"\"}", """{"path":"a\n\tb\""}""")]
    [InlineData("{'path':'say \"x\"'}", """{"path":"say \"x\""}""")]
    public void Keeps_every_value(string text, string expected) =>
        Assert.Equal(
            JsonNode.Parse(expected)!.ToJsonString(),
            JsonNode.Parse(ArgumentText.ToObject(text, Schema) ?? "null")?.ToJsonString()
        );

    [Theory]
    [InlineData("""{"path":"a""")] // the rest is unknown
    [InlineData("""{"path":"a" """)]
    [InlineData("""[{"path":"a"},{"path":"b"}]""")]
    [InlineData("""{"path":"a"}{"path":"b"}""")]
    [InlineData("""{"path":"a",'path':"b",}""")]
    [InlineData("""{'path':12345678901234567890}""")]
    [InlineData("""{'path':NaN}""")]
    [InlineData("""["a"]""")]
    [InlineData("7")]
    [InlineData("a.txt")]
    [InlineData("{'path': Truest}")]
    [InlineData("{'path': '\\ud800'}")]
    public void Guesses_nothing(string text) => Assert.Null(ArgumentText.ToObject(text, Schema));

    [Fact]
    public void Plain_text_is_accepted_only_as_the_single_required_parameter()
    {
        Assert.Null(
            ArgumentText.ToObject("\"a\"", """{"type":"object","required":["path","text"],"properties":{"path":{"type":"string"}}}""")
        );
        Assert.Null(ArgumentText.ToObject("\"a\"", """{"type":"object","required":["lines"],"properties":{"lines":{"type":"array"}}}"""));
        Assert.Null(ArgumentText.ToObject("\"a\"", """{"type":"object","properties":{"path":{"type":"string"}}}"""));
    }

    [Fact]
    public void The_error_has_the_place_what_was_written_and_the_schema()
    {
        var problem = ArgumentText.Problem("""{"path":"a""", Schema);
        Assert.StartsWith(ToolArguments.NotAnObject, problem, StringComparison.Ordinal);
        Assert.Contains("line 1", problem, StringComparison.Ordinal);
        Assert.Contains("""You wrote: {"path":"a""", problem, StringComparison.Ordinal);
        Assert.Contains(Schema, problem, StringComparison.Ordinal);
        Assert.InRange(ArgumentText.Problem(new string('x', 100_000), Schema).Length, 1, 1500);
    }
}
