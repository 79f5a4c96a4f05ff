using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Agents;
using Plue.Server.Json5;

namespace Plue.Server.Tests.Agents;

/// <summary>Validates the outputs of an agent against the schema of its template.</summary>
public sealed class OutputSchemaTests
{
    private const string Report =
        "{ type: 'object', required: ['summary', 'results'], additionalProperties: false, properties: { summary: { type: 'string', minLength: 2, maxLength: 5 }, "
        + "results: { type: 'array', minItems: 1, maxItems: 2, items: { type: 'object', required: ['outcome'], properties: { outcome: { enum: ['done', 'failed'] }, lines: { type: 'integer', minimum: 0, maximum: 9 } } } }, "
        + "id: { pattern: '^[a-z]+$' }, either: { anyOf: [{ type: 'null' }, { type: 'boolean' }] }, one: { oneOf: [{ minimum: 1 }, { minimum: 5 }] }, never: { not: { type: 'string' } }, kind: { const: 'x' } } }";

    [Theory]
    [InlineData(
        """{"summary":"Fine","results":[{"outcome":"done","lines":3}],"id":"abc","either":null,"one":2,"never":1,"kind":"x"}""",
        null
    )]
    [InlineData("[]", "The result is a list where object is expected.")]
    [InlineData("""{"summary":"Fine"}""", "The result has no `results`.")]
    [InlineData("""{"summary":"Fine","results":[],"x":1}""", "`results` has 0 items and needs at least 1.")]
    [InlineData("""{"summary":"Fine","results":[{"outcome":"done"}],"x":1}""", "The result must not have `x`.")]
    [InlineData("""{"summary":"F","results":[{"outcome":"done"}]}""", "`summary` is shorter than 2 characters.")]
    [InlineData("""{"summary":"Fine again","results":[{"outcome":"done"}]}""", "`summary` is longer than 5 characters.")]
    [InlineData("""{"summary":7,"results":[{"outcome":"done"}]}""", "`summary` is a number where string is expected.")]
    [InlineData("""{"summary":"Fine","results":[{"outcome":"perhaps"}]}""", "`results.0.outcome` must be one of \"done\", \"failed\".")]
    [InlineData("""{"summary":"Fine","results":[{"outcome":"done"},{"lines":1}]}""", "`results.1` has no `outcome`.")]
    [InlineData(
        """{"summary":"Fine","results":[{"outcome":"done","lines":1.5}]}""",
        "`results.0.lines` is a number where integer is expected."
    )]
    [InlineData("""{"summary":"Fine","results":[{"outcome":"done","lines":10}]}""", "`results.0.lines` is more than 9.")]
    [InlineData("""{"summary":"Fine","results":[{"outcome":"done"}],"id":"A1"}""", "`id` does not match ^[a-z]+$.")]
    [InlineData("""{"summary":"Fine","results":[{"outcome":"done"}],"either":"no"}""", "`either` matches none of the allowed schemas.")]
    [InlineData(
        """{"summary":"Fine","results":[{"outcome":"done"}],"one":9}""",
        "`one` has to fit exactly one of the forms that it may have."
    )]
    [InlineData("""{"summary":"Fine","results":[{"outcome":"done"}],"never":"text"}""", "`never` has a form that it must not have.")]
    [InlineData("""{"summary":"Fine","results":[{"outcome":"done"}],"kind":"y"}""", "`kind` has to be \"x\".")]
    public void Each_mismatch_is_named_with_its_path(string value, string? problem) =>
        Assert.Equal(problem, OutputSchema.Check(JsonDocument.Parse(value).RootElement, Schema(Report)));

    [Fact]
    public void A_pattern_that_never_ends_is_given_up() =>
        Assert.NotNull(OutputSchema.Check(JsonDocument.Parse($"\"{new string('a', 40)}!\"").RootElement, Schema("{ pattern: '^(a+)+$' }")));

    [Fact]
    public void The_check_terminates_for_any_value()
    {
        var leaf = Gen.Elements("1", "\"a\"", "null", "true", "[]", "{}");
        var value =
            from parts in leaf.ListOf()
            from names in Gen.Elements("summary", "results", "id").ListOf(parts.Count)
            select "{" + string.Join(",", parts.Zip(names, (part, name) => $"\"{name}\":{part}")) + "}";
        Prop.ForAll(
                value.ToArbitrary(),
                json => OutputSchema.Check(JsonDocument.Parse(json).RootElement, Schema(Report)) is null or { Length: > 0 }
            )
            .QuickCheckThrowOnFailure();
        var deep = string.Concat(Enumerable.Repeat("[", 60)) + string.Concat(Enumerable.Repeat("]", 60));
        Assert.Null(OutputSchema.Check(JsonDocument.Parse(deep).RootElement, Schema("{ type: 'array' }")));
    }

    private static Json5Object Schema(string text) => (Json5Object)Json5Reader.Read(text).Root!;
}
