using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>Who would answer.</summary>
/// <param name="Model">Null when only asking the vendor would tell.</param>
/// <param name="Known">What is known of the model; null where nothing is.</param>
internal sealed record TrialTarget(ProviderSettings Settings, string? Model, ModelInfo? Known)
{
    public Price? Price => Known?.Pricing;
}

/// <summary>What a codex of a template would send and be allowed.</summary>
/// <param name="Message">The first one; of a task its goal.</param>
/// <param name="Target">Null if no provider can respond; the findings give the reason.</param>
/// <param name="InputTokens">Of the first request, estimated.</param>
/// <param name="FirstCost">USD of the first request at most; null when the price or the longest answer is not known.</param>
/// <param name="MostCost">USD at most, from the budget; null without one.</param>
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

    /// <param name="given">Fields by name, over the defaults of the template.</param>
    /// <exception cref="FailureException">NotFound: no such template. Conflict: it has mistakes, and the first of them.</exception>
    public TrialResult Run(string id, Json5Object given)
    {
        var template = templates.Find(id) ?? throw templates.Missing(id);
        var values = template.WithDefaults(given);
        var spec = AgentSpec.Of(values);
        var findings = checks.Of(id, null).Concat(OfValues(template, given)).ToList();
        var target = Target(spec, id, findings);
        var steering = instructions.Build(id, given);
        // What a prompt's address has wrong was found by the checks, unless the values bring it.
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

    /// <summary>What is not known is tried.</summary>
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
        // A reference that leads nowhere was found by the checks.
        if (!CodexUri.TryParse(reference, out var uri) || uri.Collection != CodexCollection.Providers)
        {
            return null;
        }

        try
        {
            var settings = providers.Get(uri.Name).Settings;
            var known = providers.ModelWithoutAsking(settings, model);
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
