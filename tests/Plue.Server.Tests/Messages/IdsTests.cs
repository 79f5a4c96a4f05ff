using Plue.Server.Messages;

namespace Plue.Server.Tests.Messages;

public class IdsTests
{
    [Fact]
    public void Ids_made_one_after_another_sort_in_that_order()
    {
        var ids = Enumerable.Range(0, 5_000).Select(_ => Ids.New("msg")).ToArray();
        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }
}
