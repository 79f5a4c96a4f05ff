using System.Globalization;
using Plue.Protocol;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Policy;
using Plue.Server.Templates;

namespace Plue.Server.Rpc;

/// <summary>settings/*: the schema and values for the Settings page.</summary>
internal sealed class SettingsHandlers(RpcServer server, PluePaths paths)
{
    public void Register()
    {
        server.Map(Methods.SettingsGet, (_, _) => Task.FromResult(Result(paths, UserConfig.Read(paths))));
        server.Map(
            Methods.SettingsSet,
            (parameters, _) =>
            {
                if (SettingsSchema.Find(parameters.Name) is null)
                {
                    throw new FailureException(
                        FailureKind.NotFound,
                        $"There is no setting `{parameters.Name}`.{NearestName.Hint(parameters.Name, SettingsSchema.Names)}"
                    );
                }

                return Task.FromResult(Result(paths, UserConfig.Set(paths, parameters.Name, FieldViews.ToJson5(parameters.Value))));
            }
        );
    }

    /// <summary>Returns known settings only, because other content of the file could be a secret.</summary>
    public static SettingsResult Result(PluePaths paths, UserConfig config)
    {
        var policy = ManagedPolicy.Read(paths);
        return new(
            paths.Config,
            [
                .. SettingsSchema.Sections.Select(section => new SettingsGroup(
                    section.Title,
                    [.. section.Fields.Select(field => View(field, policy))]
                )),
            ],
            SettingsSchema
                .Names.Where(config.Values.Has)
                .ToDictionary(name => name, name => FieldViews.ToJson(config.Values.Find(name)!), StringComparer.Ordinal),
            (config.Problems.FirstOrDefault(problem => problem.IsError) ?? config.Problems.FirstOrDefault()) is { } problem
                ? new FileFault(paths.Config, problem.Line, problem.Column, problem.Message, problem.IsSecret)
                : null
        )
        {
            Policy = policy.ProblemSentence is { } broken ? [broken] : policy.Sentences,
        };
    }

    private static FieldView View(TemplateField field, ManagedPolicy policy)
    {
        var view = FieldViews.View(field);
        return policy.LimitOf(field.Name) is var (limit, _)
            ? view with
            {
                Description = limit.Max is { } max
                    ? string.Create(CultureInfo.InvariantCulture, $"{view.Description} Your organization's policy allows at most {max}.")
                    : $"{view.Description} Your organization's policy keeps this off.",
            }
            : view;
    }
}
