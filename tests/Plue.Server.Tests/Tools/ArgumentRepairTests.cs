using System.Text.Json.Nodes;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

/// <summary>Arguments of weak models: repaired if the tool's schema makes them unambiguous, otherwise unchanged.</summary>
public sealed class ArgumentRepairTests
{
    private const string Schema = """
        {"type":"object","required":["path","old"],"additionalProperties":false,"properties":{
          "path":{"type":"string"},"old":{"type":"string"},"all":{"type":"boolean"},"from":{"type":"integer"},"usd":{"type":"number"},
          "names":{"type":"array","items":{"type":"string"}},
          "steps":{"type":"array","items":{"type":"object","required":["text","state"],"additionalProperties":false,
            "properties":{"text":{"type":"string"},"state":{"type":"string","enum":["open","done"]}}}},
          "values":{"type":"object"},"timeout_s":{"type":"integer"},
          "filter":{"anyOf":[{"type":"array","items":{"type":"string"}},{"type":"null"}]}}}
        """;

    [Theory]
    [InlineData("""{"names":"a.txt"}""", """{"names":["a.txt"]}""")]
    [InlineData("""{"names":"[\"a.txt\",\"b.txt\"]"}""", """{"names":["a.txt","b.txt"]}""")]
    [InlineData("""{"names":[1,"b"]}""", """{"names":["1","b"]}""")]
    [InlineData("""{"filter":"*.cs"}""", """{"filter":["*.cs"]}""")]
    [InlineData("""{"values":"{\"a\":1}"}""", """{"values":{"a":1}}""")]
    [InlineData("""{"from":"12"}""", """{"from":12}""")]
    [InlineData("""{"usd":" 0.50 "}""", """{"usd":0.50}""")]
    [InlineData("""{"all":"True"}""", """{"all":true}""")]
    [InlineData("""{"path":7}""", """{"path":"7"}""")]
    [InlineData("""{"path":["a.txt"]}""", """{"path":"a.txt"}""")]
    [InlineData("""{"steps":{"text":"a","state":"open"}}""", """{"steps":[{"text":"a","state":"open"}]}""")]
    [InlineData("""{"steps":"[{\"text\":\"a\",\"state\":\"Done\"}]"}""", """{"steps":[{"text":"a","state":"done"}]}""")]
    [InlineData("""{"steps":"{\"text\":\"a\",\"state\":\"open\"}"}""", """{"steps":[{"text":"a","state":"open"}]}""")]
    [InlineData("""{"steps":[{"step_text":"a","state":"open"}]}""", """{"steps":[{"text":"a","state":"open"}]}""")]
    [InlineData("""{"file_path":"a.txt","old_string":"x"}""", """{"path":"a.txt","old":"x"}""")]
    [InlineData("""{"filePath":"a.txt"}""", """{"path":"a.txt"}""")]
    [InlineData("""{"timeoutS":"5"}""", """{"timeout_s":5}""")]
    [InlineData("""{"file_path":7}""", """{"path":"7"}""")]
    public void Repairs_what_can_be_read_in_one_way(string given, string expected) =>
        Assert.Equal(JsonNode.Parse(expected)!.ToJsonString(), JsonNode.Parse(Repaired(given) ?? "null")?.ToJsonString());

    [Theory]
    [InlineData("""{"path":"a.txt","old":"7","names":["a"],"from":1,"all":false}""")] // already valid
    [InlineData("""{"old":"{\"a\":1}"}""")] // a string that looks like JSON stays a string
    [InlineData("""{"names":"[\"a.txt\""}""")] // an incomplete list
    [InlineData("""{"values":"a=1"}""")]
    [InlineData("""{"from":"twelve"}""")]
    [InlineData("""{"from":"1.5"}""")]
    [InlineData("""{"all":"yes"}""")]
    [InlineData("""{"path":["a.txt","b.txt"]}""")]
    [InlineData("""{"path":{"name":"a.txt"}}""")]
    [InlineData("""{"path":"a.txt","file_path":"b.txt"}""")] // ambiguous
    [InlineData("""{"file_path":"a.txt","dir_path":"b"}""")]
    [InlineData("""{"timeout":5}""")] // the name of an optional parameter must have the same letters
    [InlineData("""{"file_path":{"a":1}}""")]
    [InlineData("""{"path":"a","path":7}""")]
    [InlineData("""{"cwd":"/"}""")]
    [InlineData("""[1]""")]
    [InlineData("""{"names":""")]
    public void Leaves_everything_else_as_it_is(string given) => Assert.Null(Repaired(given));

    [Fact]
    public void Adds_no_parameter_where_the_schema_allows_any() =>
        Assert.Null(ArgumentRepair.Repair("""{"file_path":"a"}""", """{"type":"object","required":["path"],"properties":{"path":{}}}"""));

    [Fact]
    public async Task Any_number_of_unknown_names_is_compared_with_the_missing_ones_only()
    {
        var names = string.Join(',', Enumerable.Range(0, 30_000).Select(number => $"\"path_{number}\":1"));
        var repair = Task.Run(() => ArgumentRepair.Repair($"{{{names}}}", Schema), TestContext.Current.CancellationToken);
        Assert.Null(await repair.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Deeply_nested_arguments_are_left_alone()
    {
        var deep =
            """{"names":"x","values":""" + string.Concat(Enumerable.Repeat("[", 62)) + string.Concat(Enumerable.Repeat("]", 62)) + "}";
        Assert.NotNull(Repaired(deep));
        Assert.Null(Repaired(deep.Replace("[[", "[[[", StringComparison.Ordinal)));
    }

    private static string? Repaired(string given) => ArgumentRepair.Repair(given, Schema);
}
