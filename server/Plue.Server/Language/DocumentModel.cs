using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Templates;

namespace Plue.Server.Language;

/// <summary>A value of a document with its context.</summary>
/// <param name="Shape">Null if unknown.</param>
/// <param name="Key">The nearest enclosing key.</param>
/// <param name="Container">The nearest enclosing object.</param>
internal sealed record LocatedValue(Json5Node Node, Shape? Shape, Json5Member Key, Json5Object Container);

/// <summary>An object of a document and its expected shape.</summary>
internal sealed record LocatedObject(Json5Object Value, Shape Shape);

/// <summary>The context of a position for completion or hover.</summary>
/// <param name="Shape">The shape of the object whose key is typed, or of the value; null if unknown.</param>
/// <param name="Values">The nearest enclosing object.</param>
/// <param name="KeyName">The key at the position, or the key of the value there; null where a new key can be typed.</param>
internal sealed record DocumentPosition(Cursor Cursor, Shape? Shape, Json5Object Values, string? KeyName);

/// <summary>A document with the templates that define its content.</summary>
internal sealed class DocumentModel
{
    private const int MaxValues = 200_000;

    private readonly LanguageSources sources;
    private readonly ShapeWalk walk;
    private readonly Lazy<IReadOnlyList<TemplateField>> fields;

    public DocumentModel(LanguageSources sources, OpenDocument document)
    {
        (this.sources, Document) = (sources, document);
        fields = new(KnownFields);
        walk = new ShapeWalk(sources, document.Location, fields);
    }

    public OpenDocument Document { get; }

    public TemplateCatalog Templates => sources.Templates;

    /// <summary>The fields that the template has or that the codex can set, inherited ones first. For a file with errors, as far as it can be parsed.</summary>
    public IReadOnlyList<TemplateField> Fields => fields.Value;

    public string? ParentId => Document.Root.GetString("parent_template");

    /// <summary>Gets all scalar values in file order.</summary>
    public IEnumerable<LocatedValue> Values()
    {
        var root = Document.Root;
        return Within(root, walk.Root(root), new Json5Member("", root), root).Take(MaxValues);
    }

    /// <summary>Gets all objects with a known shape.</summary>
    public IEnumerable<LocatedObject> Objects() => Objects(Document.Root, walk.Root(Document.Root)).Take(MaxValues);

    public DocumentPosition PositionAt(int offset)
    {
        var cursor = Cursor.At(Document.Text, offset);
        if (cursor.Steps.Count == 0 || !cursor.Steps[0].Frame.IsObject)
        {
            return new DocumentPosition(cursor, null, Json5Object.Empty, null);
        }

        Json5Node? node = Document.Root;
        var values = ValuesOf(cursor.Steps[0].Frame, node);
        Shape? shape = walk.Root(values);
        string? key = null;
        for (var i = 0; i < cursor.Steps.Count && shape is not null; i++)
        {
            var (frame, name) = cursor.Steps[i];
            node = node is null ? null : Find(node, frame.Start) ?? node;
            if (!frame.IsObject)
            {
                shape = ShapeWalk.Item(shape);
                continue;
            }

            values = ValuesOf(frame, node);
            if (name is null)
            {
                continue;
            }

            key = name;
            shape = walk.Member(shape, name, values);
        }

        if (cursor.Kind == CursorKind.Key)
        {
            key = cursor.Token.Start == cursor.Token.End ? null : Document[cursor.Inner];
        }
        return new DocumentPosition(cursor, shape, values, key);
    }

    /// <summary>Gets the shape of a key's value in an object with the given shape.</summary>
    public Shape? Member(Shape shape, string name, Json5Object values) => walk.Member(shape, name, values);

    private IEnumerable<LocatedValue> Within(Json5Node node, Shape? shape, Json5Member key, Json5Object container)
    {
        switch (node)
        {
            case Json5Object value:
                foreach (var member in value.Members)
                {
                    foreach (
                        var inner in Within(member.Value, shape is null ? null : walk.Member(shape, member.Name, value), member, value)
                    )
                    {
                        yield return inner;
                    }
                }

                break;
            case Json5Array array:
                foreach (var item in array.Items)
                {
                    foreach (var inner in Within(item, shape is null ? null : ShapeWalk.Item(shape), key, container))
                    {
                        yield return inner;
                    }
                }

                break;
            default:
                yield return new LocatedValue(node, shape, key, container);
                break;
        }
    }

    private IEnumerable<LocatedObject> Objects(Json5Node node, Shape shape)
    {
        if (node is Json5Array array)
        {
            foreach (var inner in array.Items.SelectMany(item => Objects(item, ShapeWalk.Item(shape))))
            {
                yield return inner;
            }
        }

        if (node is not Json5Object value)
        {
            yield break;
        }

        yield return new LocatedObject(value, shape);
        foreach (var member in value.Members)
        {
            if (walk.Member(shape, member.Name, value) is not { } next)
            {
                continue;
            }

            foreach (var inner in Objects(member.Value, next))
            {
                yield return inner;
            }
        }
    }

    /// <summary>Combines the parsed value with what only the tokens show.</summary>
    private static Json5Object ValuesOf(Frame frame, Json5Node? around)
    {
        var read = around is null ? null : Find(around, frame.Start) as Json5Object;
        var loose = frame
            .Members.Where(member => member.Value is not null && read?.FindMember(member.Name) is null)
            .Select(member => new Json5Member(member.Name, new Json5String(member.Value!)));
        return new Json5Object([.. read?.Members ?? [], .. loose]) { Span = read?.Span ?? default };
    }

    /// <summary>Finds the object or list that starts at an index.</summary>
    private static Json5Node? Find(Json5Node node, int start)
    {
        while (true)
        {
            if (node.Span.Start == start && node is Json5Object or Json5Array)
            {
                return node;
            }

            var inner = node switch
            {
                Json5Object value => value
                    .Members.Select(member => member.Value)
                    .LastOrDefault(value => value.Span.Start <= start && start < value.Span.End),
                Json5Array array => array.Items.LastOrDefault(item => item.Span.Start <= start && start < item.Span.End),
                _ => null,
            };
            if (inner is null)
            {
                return null;
            }

            node = inner;
        }
    }

    private IReadOnlyList<TemplateField> KnownFields()
    {
        var root = Document.Root;
        switch (Document.Location.Collection)
        {
            case CodexCollection.Templates:
                var parents =
                    ParentId is { } parent && parent != Document.Location.Name ? sources.Templates.Find(parent)?.Fields ?? [] : [];
                // A child does not repeat its parent's type.
                var own = (root.GetArray("fields")?.Items ?? [])
                    .OfType<Json5Object>()
                    .Select(value => (Field: FieldParser.Of(value), HasType: value.Has("type")))
                    .Select(read =>
                        read.HasType ? read.Field : parents.FirstOrDefault(field => field.Name == read.Field.Name) ?? read.Field
                    )
                    .Where(field => field.Name.Length > 0)
                    .ToList();
                return [.. parents.Where(field => own.All(other => other.Name != field.Name)), .. own];
            case CodexCollection.Providers:
                return sources.Templates.Find(ProviderFormat.TemplateId)?.Fields ?? [];
            case CodexCollection.Items:
                return root.GetString(ItemFormat.TemplateField) is { } template ? sources.Templates.Find(template)?.Fields ?? [] : [];
            default:
                return [];
        }
    }
}
