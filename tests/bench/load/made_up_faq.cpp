#include "load/made_up_faq.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace kefu::bench {
namespace {

constexpr std::array<std::string_view, 25> kProducts{
    "电饭煲",   "空气炸锅", "扫地机器人", "吸尘器",     "电热水壶", "咖啡机", "榨汁机",
    "微波炉",   "电烤箱",   "洗碗机",     "空气净化器", "加湿器",   "除湿机", "电风扇",
    "取暖器",   "挂烫机",   "吹风机",     "电动牙刷",   "剃须刀",   "体重秤", "蓝牙音箱",
    "无线耳机", "智能手表", "行车记录仪", "投影仪"};

struct Topic {
  std::string_view question;
  std::string_view answer;
};

constexpr std::array<Topic, 20> kTopics{{
    {"{}坏了可以保修几年?", "{}整机保修两年，主要部件保修三年。请保留发票，保修期内的质量问题免费维修。"},
    {"{}怎么清洗?", "{}清洗前请先断电，用软布和中性清洁剂擦拭外壳，可拆卸的部件用清水冲洗后晾干。"},
    {"{}的耗电量是多少?", "{}的额定功率见机身铭牌，每天使用一小时约耗电零点八度，待机功率低于半瓦。"},
    {"{}支持七天无理由退货吗?", "{}签收后七天内，商品完好、配件齐全可以无理由退货，运费由买家承担。"},
    {"{}的配件在哪里买?", "{}的原装配件可以在商品详情页的“配件”一栏购买，也可以联系人工客服代为下单。"},
    {"{}开不了机怎么办?", "{}开不了机时请先检查电源和插座，长按电源键十秒重置；仍不行请申请上门检测。"},
    {"{}的说明书能发我一份吗?", "{}的电子说明书在订单详情的“资料下载”里，扫描机身二维码也可以查看。"},
    {"{}可以开发票吗?", "{}支持开电子普通发票，确认收货后二十四小时内发到您填写的邮箱；专票请提供税号。"},
    {"{}什么时候发货?", "{}下单后四十八小时内从就近仓库发出，大促期间最长七十二小时，发出后短信通知。"},
    {"{}有噪音正常吗?", "{}工作时有轻微声音属于正常，若高于六十分贝或有异响，请停止使用并联系售后检测。"},
    {"{}能连手机吗?", "{}支持无线连接，在应用里选择“添加设备”，按住配网键五秒，指示灯闪烁后即可配对。"},
    {"{}包装里有什么?", "{}的包装内有主机一台、电源线一根、说明书与保修卡各一份，赠品以下单页面为准。"},
    {"{}哪个型号适合三口之家?", "三口之家推荐{}的标准款，容量和功率都够用；人多或者经常待客可以选加大款。"},
    {"{}可以以旧换新吗?", "{}参加以旧换新，旧机不限品牌，上门评估后抵扣尾款，具体金额以评估结果为准。"},
    {"{}降价了能补差价吗?", "{}签收后十五天内如遇官方降价，可以在订单详情申请价保，差额原路退回。"},
    {"{}能寄到国外吗?", "{}目前只寄送中国大陆地区，港澳台与海外暂不支持，建议选择转运服务。"},
    {"{}的滤网多久换一次?", "{}的滤网建议每六个月更换一次，使用频繁或者空气较差的地区每三个月更换。"},
    {"{}有儿童锁吗?", "{}有儿童锁，同时按住两个功能键三秒打开或者关闭，打开后其余按键不起作用。"},
    {"{}安装要收费吗?", "{}首次安装免费，墙面打孔和辅材按公示价收费，师傅上门前会电话确认。"},
    {"{}用的是什么材料?", "{}与食物或皮肤接触的部分用食品级材料，外壳为阻燃塑料，均有检测报告。"},
}};

}  // namespace

std::vector<MadeUpRow> made_up_faq(std::size_t rows) {
  std::vector<MadeUpRow> out;
  out.reserve(rows);
  for (std::size_t number = 0; number < rows; ++number) {
    const std::size_t product = number % kProducts.size();
    const Topic& topic = kTopics[number / kProducts.size() % kTopics.size()];
    const std::size_t model = number / (kProducts.size() * kTopics.size());
    const std::string name =
        fmt::format("{}{}-{}", kProducts[product], "ABCDEFGHJK"[model % 10], 100 + model);
    out.push_back({.id = fmt::format("M{:05}", number + 1),
                   .question = fmt::format(fmt::runtime(topic.question), name),
                   .answer = fmt::format(fmt::runtime(topic.answer), name)});
  }
  return out;
}

std::string as_csv(const std::vector<MadeUpRow>& rows) {
  std::string out = "id,question,answer\n";
  for (const MadeUpRow& row : rows) out += fmt::format("{},{},{}\n", row.id, row.question, row.answer);
  return out;
}

}  // namespace kefu::bench
