using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>The provider and model that would respond.</summary>
/// <param name="Model">Null if only the vendor knows it.</param>
/// <param name="Known">The known properties of the model; null if there are none.</param>
internal sealed record TrialTarget(ProviderSettings Settings, string? Model, ModelInfo? Known)
{
    public Price? Price => Known?.Pricing;
}

/// <summary>What a codex of a template would send and be allowed to do.</summary>
/// <param name="Message">The first message; for a task, its goal.</param>
/// <param name="Target">Null if no provider can respond; the findings give the reason.</param>
/// <param name="InputTokens">The estimated tokens of the first request.</param>
/// <param name="FirstCost">The maximum cost of the first request in USD; null if the price or the maximum response length is unknown.</param>
/// <param name="MostCost">The maximum cost in USD from the budget; null without one.</param>
internal sealed record TrialResult(
    Template Template,
    Instructions Instructions,
    string Message,
    IReadOnlyList<string> Tools,
    TrialTarget? Target,
    long InputTokens,
    decimal? FirstCost,
    decimal? MostCost,
    IReadOnlyList<Finding> Findings
);

/// <summary>A dry run: no provider is called and nothing is stored. Only cached model data is used.</summary>
internal sealed class TemplateTrial(
    TemplateCatalog templates,
    ProviderRegistry providers,
    TemplateChecks checks,
    InstructionBuilder instructions,
    Prompts prompts
)
{
    private const string ProviderField = "provider_ref";

    /// <param name="given">Field values that override the template's defaults.</param>
    /// <exception cref="FailureException">NotFound: there is no such template. Conflict: the template has errors; the message has the first.</exception>
    public TrialResult Run(string id, Json5Object given)
    {
        var template = templates.Find(id) ?? throw templates.Missing(id);
        var values = template.WithDefaults(given);
        var spec = AgentSpec.Of(values);
        var findings = checks.Of(id, null).Concat(OfValues(template, given)).ToList();
        var target = Target(spec, id, findings);
        var steering = instructions.Build(id, given);
        // The checks already report invalid prompt addresses, unless the values contain them.
        if (steering.Failure is { } failure && findings.All(finding => finding.Code != FindingCodes.Reference))
        {
            findings.Add(new Finding(FindingKind.Error, FindingCodes.Reference, id, "", 1, 1, failure.Message));
        }

        var message = values.GetString("goal") ?? LastQuestion(values) ?? "";
        var tokens =
            TokenEstimate.Of(steering.System)
            + TokenEstimate.Of(message)
            + spec.AvailableTools.Sum(tool => TokenEstimate.Of(prompts.ToolText(tool)));
        return new TrialResult(
            template,
            steering,
            message,
            spec.AvailableTools,
            target,
            tokens,
            FirstCost(target, values, tokens),
            spec.Budget.Usd,
            findings
        );
    }

    /// <summary>Findings for a codex with these values. A missing provider is no finding: a new codex gets the default provider.</summary>
    private static IEnumerable<Finding> OfValues(Template template, Json5Object given) =>
        TemplateValidation
            .Check(
                template with
                {
                    Fields = [.. template.Fields.Select(field => field.Name == ProviderField ? field with { Required = false } : field)],
                },
                given
            )
            .Select(problem => new Finding(
                problem.IsError ? FindingKind.Error : FindingKind.Warning,
                FindingCodes.Field,
                template.Id,
                "",
                1,
                1,
                problem.Message
            ));

    private TrialTarget? Target(AgentSpec spec, string id, List<Finding> findings)
    {
        foreach (var reference in spec.ProviderRefs)
        {
            if (Usable(reference, spec.Model, id, findings) is { } found)
            {
                return found;
            }
        }

        if (spec.ProviderRefs.Count > 0)
        {
            return null;
        }

        var candidates = spec
            .Candidates.SelectMany(candidate =>
                candidate.ProviderRefs.Select(reference =>
                    (candidate.Needs, Found: Usable(reference, candidate.Model ?? spec.Model, id, findings))
                )
            )
            .Where(candidate => candidate.Found is not null && candidate.Needs.All(need => CanBeMet(need, candidate.Found)))
            .Select(candidate => candidate.Found!)
            .ToList();
        return spec.Candidates.Count == 0
            ? Usable(CodexUri.Of(CodexCollection.Providers, References.DefaultLarge).ToString(), spec.Model, id, findings)
            : candidates.MinBy(candidate =>
                candidate.Settings.IsFree ? 0
                : candidate.Price is { } price ? price.InputPerMillion + price.OutputPerMillion
                : decimal.MaxValue
            );
    }

    /// <summary>True if the model may meet the need. An unknown capability counts as met.</summary>
    private static bool CanBeMet(string need, TrialTarget target) =>
        need switch
        {
            "tools" => target.Known?.SupportsTools ?? target.Settings.SupportsTools,
            "images" => target.Known?.SupportsVision ?? true,
            "reasoning" => target.Known?.CanReason ?? true,
            _ => true,
        };

    private TrialTarget? Usable(string reference, string? model, string id, List<Finding> findings)
    {
        // The checks already report invalid references.
        if (!CodexUri.TryParse(reference, out var uri) || uri.Collection != CodexCollection.Providers)
        {
            return null;
        }

        try
        {
            var settings = providers.Get(uri.Name).Settings;
            var known = providers.KnownModel(settings, model);
            return new TrialTarget(settings, known, known is null ? null : providers.ModelOf(settings, known));
        }
        catch (FailureException fault)
        {
            findings.Add(new Finding(FindingKind.Warning, FindingCodes.ReferenceMachine, id, "", 1, 1, fault.Message));
            return null;
        }
    }

    private static string? LastQuestion(Json5Object values) =>
        (values.GetArray("messages")?.Items ?? [])
            .OfType<Json5Object>()
            .LastOrDefault(message => message.GetString("role") == "user")
            ?.GetString("content");

    private static decimal? FirstCost(TrialTarget? target, Json5Object values, long inputTokens)
    {
        if (target is null)
        {
            return null;
        }
        if (target.Settings.IsFree)
        {
            return 0;
        }

        var longest = values.GetInteger("max_tokens") ?? target.Settings.MaxTokens ?? target.Known?.MaxOutput;
        return target.Price is { } price && longest is { } output
            ? price.CostOf(new Usage { InputTokens = inputTokens, OutputTokens = output }).TotalCost
            : null;
    }
}
