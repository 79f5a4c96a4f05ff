using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Providers.Connections;
using Plue.Server.Templates;

namespace Plue.Server.Agents;

/// <summary>Finds the models that can work on a task, from cached model lists. Sends no requests.</summary>
internal sealed class CandidateFinder(ProviderRegistry providers)
{
    /// <summary>Gets the template's candidates; if there are none, its provider or else the user's default.</summary>
    /// <param name="model">Limits the result to this candidate; null returns all.</param>
    /// <exception cref="FailureException">ModelNotFound: no candidate has this model.</exception>
    public IReadOnlyList<RouteCandidate> Find(AgentSpec spec, string? model)
    {
        var needs = spec.AvailableTools.Count > 0 ? (string[])["tools"] : [];
        IReadOnlyList<AgentCandidate> named =
            spec.Candidates.Count > 0 ? spec.Candidates : [new AgentCandidate(spec.ProviderRefs, spec.Model, needs)];
        List<RouteCandidate> found =
        [
            .. named.SelectMany(candidate =>
                candidate
                    .ProviderRefs.DefaultIfEmpty($"codex://providers/{ProviderRegistry.DefaultLarge}")
                    .Select(reference => Of(reference, candidate))
            ),
        ];
        if (model is null)
        {
            return found;
        }

        List<RouteCandidate> chosen = [.. found.Where(candidate => candidate.Choice.Model == model)];
        return chosen.Count > 0
            ? chosen
            : throw new FailureException(
                FailureKind.ModelNotFound,
                spec.Candidates.Count == 0
                    ? "This template does not let you choose a model. Omit `model`."
                    : $"`model` has to be one of {string.Join(", ", found.Select(candidate => candidate.Choice.Model).Where(name => name is not null).Distinct())}, or omitted."
            );
    }

    /// <summary>Gets the candidate for a model that the user chose.</summary>
    public RouteCandidate Of(ModelChoice choice, IReadOnlyList<string> needs)
    {
        if (providers.Find(choice.ProviderId) is null && !ProviderRegistry.IsReserved(choice.ProviderId))
        {
            return new RouteCandidate(choice.ProviderId, choice, null, false, false, needs, $"There is no provider {choice.ProviderId}.");
        }

        try
        {
            var settings = providers.Get(choice.ProviderId).Settings;
            var model = providers.KnownModel(settings, choice.Model);
            var info = model is null ? null : providers.ModelOf(settings, model);
            var name = model is null ? settings.Name : $"{settings.Name}, {model}";
            return new RouteCandidate(
                name,
                new ModelChoice(ProviderRegistry.IsReserved(choice.ProviderId) ? settings.Id : choice.ProviderId, model),
                info,
                settings.IsFree,
                info?.SupportsTools ?? settings.SupportsTools,
                needs,
                settings.Capabilities.IsDemo && ProviderRegistry.IsReserved(choice.ProviderId)
                    ? "No provider is connected. Connect one with Plue: Manage Providers."
                    : null
            );
        }
        catch (FailureException fault)
        {
            return new RouteCandidate(providers.NameOf(choice.ProviderId), choice, null, false, false, needs, fault.Message);
        }
    }

    private RouteCandidate Of(string reference, AgentCandidate candidate) =>
        CodexUri.TryParse(reference, out var uri) && uri.Collection == CodexCollection.Providers
            ? Of(new ModelChoice(uri.Name, candidate.Model), candidate.Needs)
            : new RouteCandidate(
                reference,
                new ModelChoice(reference, candidate.Model),
                null,
                false,
                false,
                candidate.Needs,
                $"{reference} is not the URI of a provider."
            );
}
