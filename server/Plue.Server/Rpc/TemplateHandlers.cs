using Plue.Protocol;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Rpc;

/// <summary>template/*. The command line asks the same.</summary>
internal sealed class TemplateHandlers(Documents documents)
{
    private readonly TemplateCatalog templates = documents.Templates;

    /// <param name="handlers">Made when they are first asked.</param>
    public static void Register(RpcServer server, Lazy<TemplateHandlers> handlers)
    {
        server.Map(Methods.TemplateList, (parameters, _) => Task.FromResult(handlers.Value.List(parameters)));
        server.Map(Methods.TemplateGet, (parameters, _) => Task.FromResult(handlers.Value.Get(parameters)));
    }

    public TemplateListResult List(TemplateListParams parameters)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        List<TemplateSummary> found = [.. templates.List().Where(entry => entry.Id.Length > 0).Select(entry => Summary(entry, entry.Template is not null && seen.Add(entry.Id)))];
        return new TemplateListResult(
        [
            .. found.Where(template => parameters.Collection is not { } wanted || template.Collection == wanted)
                .GroupBy(template => template.Id, StringComparer.Ordinal)
                .OrderBy(same => same.FirstOrDefault(template => template.InForce)?.Name ?? same.First().Name, StringComparer.OrdinalIgnoreCase).ThenBy(same => same.Key, StringComparer.Ordinal)
                .SelectMany(same => same.OrderByDescending(template => template.InForce)),
        ]);
    }

    /// <exception cref="FailureException">NotFound: there is none, or none without mistakes.</exception>
    public TemplateView Get(TemplateGetParams parameters)
    {
        var template = Find(parameters.Id);
        return new TemplateView(template.Id, template.Name, template.Description, [.. template.Fields.Select(FieldViews.View)])
        {
            ParentTemplate = template.ParentTemplate,
            Collection = Collection(template.Id),
            Icon = template.Icon,
            Color = template.Color,
            Path = templates.List().FirstOrDefault(entry => entry.Id == template.Id && entry.Template is not null) is { } entry ? PathOf(entry) : null,
        };
    }

    private Template Find(string id) => templates.Find(id)
        ?? throw new FailureException(FailureKind.NotFound, $"There is no template {id}.{NearestName.Hint(id, templates.List().Where(entry => entry.Template is not null).Select(entry => entry.Id))}");

    private TemplateSummary Summary(TemplateEntry entry, bool inForce)
    {
        // What a file with mistakes was meant to be is read from what of it can be read.
        var (template, values) = (entry.Template, entry.Template is null ? documents.Of(CodexCollection.Templates).Get(entry.Id)?.Values : null);
        var parent = template?.ParentTemplate ?? values?.GetString("parent_template");
        return new TemplateSummary
        {
            Id = entry.Id,
            Name = template?.Name ?? values?.GetString("name") ?? entry.Id,
            Description = template?.Description ?? values?.GetString("description"),
            Version = template?.Version,
            ParentTemplate = parent,
            Collection = parent is null ? Collection(entry.Id) : Collection(parent),
            Layer = (CodexLayer)entry.Layer,
            Path = PathOf(entry),
            Icon = template?.Icon,
            Color = template?.Color,
            Tags = template?.Tags ?? [],
            InForce = inForce,
            Problems = [.. entry.Problems.Select(FieldViews.View)],
        };
    }

    private string Collection(string templateId) => templates.CollectionOf(templateId).Name();

    private static string? PathOf(TemplateEntry entry) => entry.Layer == TemplateLayer.Shipped ? null : entry.Source;
}
