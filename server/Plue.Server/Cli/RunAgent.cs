using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Templates;

namespace Plue.Server.Cli;

/// <summary>The agent of <c>plue run</c>: a template with the values of the command line, ready for one request.</summary>
/// <param name="Options">The model options of the template.</param>
internal sealed record RunAgent(AgentSpec Spec, string? System, ChatOptions Options)
{
    public const string DefaultTemplate = TemplateCollections.ChatRoot;
    private const string GoalField = "goal";
    private const string ProviderField = "provider_ref";

    /// <param name="given">Fields in the form <c>NAME=VALUE</c>.</param>
    /// <param name="question">The question, or the goal of a task.</param>
    /// <exception cref="FailureException">NotFound: the template or a prompt does not exist. MissingField: the template does not allow a value. BadRequest: the template does not produce responses.</exception>
    public static RunAgent Of(CodexServices codices, string templateId, IReadOnlyList<string> given, string question)
    {
        var templates = codices.Templates;
        var template =
            templates.Find(templateId)
            ?? throw new FailureException(
                FailureKind.NotFound,
                $"The template {templateId} does not exist or has errors.{NearestName.Hint(templateId, [.. templates.List().Select(entry => entry.Id)])} Check it with: plue template check"
            );
        if (template.Collection is not (TemplateCollection.Chats or TemplateCollection.Tasks))
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"{templateId} is a template for {template.Collection.Name()}, which cannot run. Choose one that inherits from task or ai-chat."
            );
        }

        List<(string Name, Json5Node Value)> values =
        [
            .. TemplateOptions.Values(
                given,
                name => template.Field(name) is not { Type: FieldType.Number or FieldType.Boolean or FieldType.Array or FieldType.Object }
            ),
        ];
        if (template.Field(GoalField) is not null && values.TrueForAll(value => value.Name != GoalField))
        {
            values.Add((GoalField, new Json5String(question)));
        }

        var own = Json5Object.Of(values);
        // The provider can be the default or set by an option.
        var asked = template with
        {
            Fields = [.. template.Fields.Select(field => field.Name == ProviderField ? field with { Required = false } : field)],
        };
        var wrong = TemplateValidation.Check(asked, own).FirstOrDefault(problem => problem.IsError);
        if (wrong is not null)
        {
            throw new FailureException(FailureKind.MissingField, $"{wrong.Message} Set it with --set NAME=VALUE.");
        }

        var all = template.WithDefaults(own);
        var instructions = codices.Instructions.Build(templateId, own);
        return instructions.Failure is { } failure
            ? throw new FailureException(failure)
            : new RunAgent(AgentSpec.Of(all), instructions.System, ChatValues.OptionsOf(all));
    }

    /// <summary>Gets the first usable provider of the template, or the default provider if it names none.</summary>
    /// <exception cref="FailureException">No provider is usable; the failure of the first one.</exception>
    public async Task<IProvider> ProviderAsync(ProviderRegistry providers, CancellationToken cancellationToken)
    {
        FailureException? first = null;
        foreach (
            var reference in Spec.ProviderRefs.DefaultIfEmpty(
                CodexUri.Of(CodexCollection.Providers, ProviderRegistry.DefaultLarge).ToString()
            )
        )
        {
            try
            {
                return await providers.GetAsync(CodexUri.Parse(reference).Name, cancellationToken);
            }
            catch (FailureException fault)
            {
                first ??= fault;
            }
        }

        throw first!;
    }
}
