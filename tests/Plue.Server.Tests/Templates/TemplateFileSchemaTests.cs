using System.Text;
using System.Text.RegularExpressions;
using Plue.Server.Json5;
using Plue.Server.Platform;
using Plue.Server.Templates;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Templates;

/// <summary>Completion and the schema offer exactly what the parser accepts.</summary>
public sealed partial class TemplateFileSchemaTests
{
    private static readonly IReadOnlyList<TemplateField> Top = TemplateFileSchema.Fields;
    private static readonly IReadOnlyList<TemplateField> Field = Of(Top, "fields").Items!.Properties;
    private static readonly IReadOnlyList<TemplateField> Hook = Of(Of(Top, "automation").Properties, "hooks").Items!.Properties;

    /// <summary>Every word that the parser may accept, and every key of the shape.</summary>
    private static readonly IReadOnlyList<string> Words =
    [
        .. Quoted()
            .Matches(File.ReadAllText(Path.Combine(Repository.Root, "server/Plue.Server/Templates/TemplateReader.cs")))
            .Select(match => match.Groups[1].Value)
            .Concat(AgentSpec.Keys)
            .Concat(Top.SelectMany(Names))
            .Append("nonsense")
            .Distinct()
            .Order(StringComparer.Ordinal),
    ];

    public static TheoryData<string, string[]> Places =>
        new()
        {
            { "{ id: 'x', name: 'X', parent_template: 'task', HERE }", NamesOf(Top) },
            { "{ metadata: { HERE } }", NamesOf(Of(Top, "metadata").Properties) },
            { "{ fields: [{ name: 'a', type: 'text', HERE }] }", NamesOf(Field) },
            { "{ fields: [{ name: 'a', type: 'text', conditional: { HERE } }] }", NamesOf(Of(Field, "conditional").Properties) },
            { "{ fields: [{ name: 'a', type: 'object', properties: [{ HERE }] }] }", NamesOf(Of(Field, "properties").Items!.Properties) },
            { "{ fields: [{ name: 'a', type: 'array', items: { HERE } }] }", NamesOf(Of(Field, "items").Properties) },
            {
                "{ fields: [{ name: 'a', type: 'array', items: { type: 'array', items: { HERE } } }] }",
                NamesOf(Of(Of(Field, "items").Properties, "items").Properties)
            },
            {
                "{ fields: [{ name: 'a', type: 'array', items: { type: 'object', properties: [{ HERE }] } }] }",
                NamesOf(Of(Of(Field, "items").Properties, "properties").Items!.Properties)
            },
            { "{ automation: { HERE } }", NamesOf(Of(Top, "automation").Properties) },
            { "{ automation: { hooks: [{ action: 'send_to_llm', HERE }] } }", HookOf("send_to_llm") },
            { "{ automation: { hooks: [{ action: 'set_field', HERE }] } }", HookOf("set_field") },
            { "{ automation: { hooks: [{ action: 'spawn_task', HERE }] } }", HookOf("spawn_task") },
            { "{ automation: { hooks: [{ action: 'notify', HERE }] } }", HookOf("notify") },
            { "{ automation: { hooks: [{ conditions: [{ HERE }] }] } }", NamesOf(Of(Hook, "conditions").Items!.Properties) },
        };

    [Theory]
    [MemberData(nameof(Places))]
    public void The_reader_takes_the_keys_that_are_offered_and_no_others(string text, string[] offered) =>
        Assert.Equal(offered, Words.Where(word => word == "action" ? offered.Contains(word) : Takes(text, word)));

    [Fact]
    public void Top_level_agent_keys_have_the_keys_of_their_field()
    {
        var task = Assert.IsType<Template>(new TemplateCatalog(new PluePaths("/nowhere")).Find("task"));
        foreach (var key in AgentSpec.Keys.Where(key => key != TemplateValidation.TagsField))
        {
            var (offered, field) = (Of(Top, key), Assert.IsType<TemplateField>(task.Field(key)));
            Assert.Equal((key, field.Type, field.TemplateFilter), (key, offered.Type, offered.TemplateFilter));
            Assert.Equal(NamesOf(field.Properties), NamesOf(offered.Properties));
            Assert.Equal(NamesOf(field.Items?.Properties ?? []), NamesOf(offered.Items?.Properties ?? []));
        }
    }

    private static bool Takes(string text, string key) =>
        !TemplateReader
            .Read(Encoding.UTF8.GetBytes(text.Replace("HERE", $"{key}: 1", StringComparison.Ordinal)))
            .Problems.Any(problem => problem.Message.StartsWith($"`{key}` is not a valid key of ", StringComparison.Ordinal));

    private static TemplateField Of(IEnumerable<TemplateField> fields, string name) => fields.Single(field => field.Name == name);

    private static string[] HookOf(string action) =>
        NamesOf(Hook.Where(field => field.Conditional is not { Field: "action" } condition || condition.Holds(new Json5String(action))));

    private static string[] NamesOf(IEnumerable<TemplateField> fields) =>
        [.. fields.Select(field => field.Name).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Names(TemplateField field) =>
        field.Properties.Concat(field.Items?.Properties ?? []).SelectMany(Names).Prepend(field.Name).Distinct();

    [GeneratedRegex("\"([a-z_]+)\"")]
    private static partial Regex Quoted();
}
